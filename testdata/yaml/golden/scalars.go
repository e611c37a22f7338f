package main

import (
	"encoding/json"
	"fmt"
	"strings"
)

// random is a linear congruential generator: the same numbers with every Go release.
type random uint64

func (r *random) below(n int) int {
	*r = *r*6364136223846793005 + 1442695040888963407
	return int(uint64(*r) >> 33 % uint64(n))
}

func (r *random) pick(from []string) string { return from[r.below(len(from))] }

func (r *random) digits(alphabet string, most int) string {
	var text strings.Builder
	for range 1 + r.below(most) {
		text.WriteByte(alphabet[r.below(len(alphabet))])
	}
	return text.String()
}

// scalars makes as many different scalars, each as a value, and every third as a key too.
func scalars(count int) []row {
	var r random = 20261120
	seen := map[string]bool{}
	var rows []row
	for len(seen) < count {
		text := r.scalar()
		if seen[text] {
			continue
		}
		seen[text] = true
		rows = append(rows, answer(row{Case: "scalar", Input: "v: " + text + "\n"}))
		if len(seen)%3 == 0 {
			rows = append(rows, key(answer(row{Case: "key", Input: text + " : v\n"})))
		}
	}
	return rows
}

// key marks the keys that become infinite.
func key(r row) row {
	for _, document := range r.Documents {
		var mapping map[string]any
		if json.Unmarshal(document, &mapping) != nil {
			continue
		}
		for _, name := range []string{".inf", "-.inf", ".nan"} {
			if _, found := mapping[name]; found && !strings.ContainsAny(r.Input, "'\"") {
				r.Refused, r.Because = "yaml.key", "no JSON number, and single precision only"
			}
		}
	}
	return r
}

func (r *random) scalar() string {
	switch r.below(10) {
	case 0:
		return r.word()
	case 1:
		return r.quoted()
	case 2:
		return r.date()
	case 3:
		return r.sign() + r.pick([]string{"0x", "0X", "0o", "0O", "0b", "0B", "0", ""}) + r.digits("0123456789abcdefABCDEF_", 18)
	case 4:
		return r.sign() + r.pick([]string{"0", "0o", "0b", "0x"}) + r.digits("01_", 70)
	case 5:
		return r.sign() + r.digits("0123456789", 24)
	case 6, 7:
		return r.float()
	case 8:
		return r.digits("0123456789", 2) + r.digits("0123456789_+-.eExob:n", 7)
	default:
		return r.sign() + r.pick([]string{".", "0.", "0b+", "0b-", "_", "1_", "__", ".e", "0x.", "1e", "+", ".5_", ".5"}) + r.digits("0123456789_.eE", 6)
	}
}

func (r *random) sign() string { return r.pick([]string{"", "", "", "-", "+"}) }

func (r *random) word() string {
	word := r.pick(words)
	switch r.below(4) {
	case 0:
		return strings.ToUpper(word)
	case 1:
		return strings.ToUpper(word[:1]) + word[1:]
	case 2:
		at := r.below(len(word))
		return word[:at] + strings.ToUpper(word[at:])
	default:
		return word
	}
}

func (r *random) quoted() string {
	text := r.pick([]string{r.word(), r.digits("0123456789_.e", 8), r.date()})
	quote := r.pick([]string{"'", "\""})
	return quote + text + quote
}

func (r *random) date() string {
	text := fmt.Sprintf("%d-%d-%02d", 1900+r.below(300), 1+r.below(13), r.below(33))
	return text + r.pick([]string{"", "T10:00:00Z", "t1:2:3.5+01:00", " 10:11:12", "T25:00:00Z", "-", ":1"})
}

func (r *random) float() string {
	text := r.sign() + r.digits("0123456789", 12)
	if r.below(2) == 0 {
		text += "." + r.digits("0123456789", 12)
	}
	if r.below(2) == 0 {
		text += r.pick([]string{"e", "E"}) + r.sign() + r.digits("0123456789", 3)
	}
	if r.below(4) == 0 {
		at := 1 + r.below(len(text))
		text = text[:at] + "_" + text[at:]
	}
	return text
}

var words = []string{
	"y", "yes", "n", "no", "true", "false", "on", "off", "null", "~", "nil", "none", "t", "f", "o",
	"yess", "non", "truee", "of", "nan", "inf", ".nan", ".inf", "-.inf", "+.inf", "infinity", ".infinity",
	"0x", "0o", "0b", "e5", "x", "+", "-1-", ".", "..", "...x", "=", "<<", "a_b", "1password", "no-op", "yes.",
	"cluster.local", "10.0.0.1", "v1", "v1.2.3", "1.2.3", "12:30", "08:00", "1Gi", "500m", "1e3Mi", "0.5", "5%",
}

func quantities() []string {
	texts := []string{"", ".", "+", "-", "1.2.3", " 1", "1 ", "1gi", "1Gi ", "1ki", "1KI", "K", "1e", "1e+", "1e1.5", "--1", "+-1", "1_000", "0x10", "1e3e3", "1iK", "1Ee3", "NaN", "∞"}
	for _, number := range []string{"0", "1", "12", "0.5", ".5", "5.", "1.25", "-0", "+3", "007", "123456789", "0.001", "0.0000000001", "1.0000000001"} {
		for _, suffix := range []string{"", "n", "u", "m", "k", "K", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "e3", "E3", "e-3", "e+2", "mi", "i", "B"} {
			texts = append(texts, number+suffix)
		}
	}
	return texts
}

// Prints what Go's text/template makes of each case with the functions that Argo CD gives to ApplicationSets: sprig
// without what reads the machine, and a few of its own. The output is committed as ../table.jsonl.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"text/template"
	"unicode/utf8"

	"github.com/Masterminds/sprig/v3"
	"sigs.k8s.io/yaml"
)

// row is one line of the table: parameters under a name, or a template with its answer.
type row struct {
	Params   string         `json:"params"`
	Value    map[string]any `json:"value,omitempty"`
	Template *string        `json:"template,omitempty"`
	Option   string         `json:"option,omitempty"`
	Text     *string        `json:"text,omitempty"`
	Error    bool           `json:"error,omitempty"`
	// Unsettled is set where the answer is by chance, or no text in UTF-8: there is none to compare with.
	Unsettled bool `json:"unsettled,omitempty"`
	// Refused is why tidegate gives no answer where Go has one.
	Refused string `json:"refused,omitempty"`
}

const (
	clock = "reads a clock"
	zone  = "depends on the zone of the machine"
)

func main() {
	if err := run(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(out io.Writer) error {
	buffered := bufio.NewWriter(out)
	encoder := json.NewEncoder(buffered)
	encoder.SetEscapeHTML(false)
	rows := []row{{Params: "app", Value: app()}}
	for _, option := range []string{"", "missingkey=zero", "missingkey=error"} {
		for _, text := range missing {
			rows = append(rows, answer(text, option, ""))
		}
	}
	for _, text := range answered {
		rows = append(rows, answer(text, "", ""))
	}
	for _, c := range refused {
		rows = append(rows, answer(c.template, "", c.because))
	}
	for _, r := range rows {
		if err := encoder.Encode(r); err != nil {
			return err
		}
	}
	return buffered.Flush()
}

func answer(text, option, because string) row {
	r := row{Params: "app", Template: &text, Option: option, Refused: because}
	// Such an answer is another one tomorrow, elsewhere, or the next time.
	if because == clock || because == zone || strings.Contains(because, "by chance") {
		r.Unsettled = true
		return r
	}
	first, err := execute(text, option)
	r.Error = err != nil
	// No other may differ from one time to the next.
	for range 32 {
		again, err := execute(text, option)
		if again != first || (err != nil) != r.Error {
			r.Unsettled, r.Error = true, false
			return r
		}
	}
	if !r.Error {
		r.Unsettled = !utf8.ValidString(first)
		if !r.Unsettled {
			r.Text = &first
		}
	}
	return r
}

func execute(text, option string) (string, error) {
	t := template.New("base").Funcs(functions())
	if option != "" {
		t = t.Option(option)
	}
	parsed, err := t.Parse(text)
	if err != nil {
		return "", err
	}
	var out bytes.Buffer
	err = parsed.Execute(&out, app())
	return out.String(), err
}

func functions() template.FuncMap {
	all := sprig.GenericFuncMap()
	for _, name := range []string{"env", "expandenv", "getHostByName"} {
		delete(all, name)
	}
	all["normalize"] = normalize
	all["toYaml"] = func(v any) (string, error) {
		written, err := yaml.Marshal(v)
		return strings.TrimSuffix(string(written), "\n"), err
	}
	all["fromYaml"] = func(text string) (found map[string]any, err error) {
		found = map[string]any{}
		return found, yaml.Unmarshal([]byte(text), &found)
	}
	all["fromYamlArray"] = func(text string) (found []any, err error) {
		found = []any{}
		return found, yaml.Unmarshal([]byte(text), &found)
	}
	return all
}

var noName = regexp.MustCompile("[^-a-z0-9.]")

func normalize(name string) string {
	name = noName.ReplaceAllString(strings.ToLower(name), "-")
	if len(name) > 253 {
		name = name[:253]
	}
	return strings.Trim(name, "-.")
}

// app returns the parameters, with the types that Argo CD's generators give them.
func app() map[string]any {
	found := map[string]any{}
	if err := json.Unmarshal([]byte(params), &found); err != nil {
		panic(err)
	}
	path := found["path"].(map[string]any)
	path["segments"] = strings.Split(path["path"].(string), "/")
	return found
}

const params = `{
	"name": "eu", "empty": "", "port": 80, "big": 8000000, "half": 0.5, "on": true, "off": false, "nothing": null,
	"list": ["b", "a", "c", "a"], "numbers": [3, 1, 2], "mixed": ["x", 1, true, null], "none": [], "emptyMap": {},
	"map": {"b": "2", "a": "1"}, "one": {"k": "v"}, "nested": {"x": {"y": "z"}, "list": [1, {"a": "b"}]},
	"path": {"path": "apps/Web_1/prod", "basename": "prod", "segments": ["apps", "Web_1", "prod"]},
	"text": "Hello, World! 42", "lines": "a: 1\nb:\n- x\n- y\n", "version": "1.27.3", "word": "größe", "html": "<a href='x'>&\"",
	"metadata": {"name": "m", "x": {"app.io/env": "prod"}}, "json": "{\"a\": [1, 2.5, \"x\"], \"b\": null}",
	"apps": [{"name": "a", "port": 1, "tags": ["x", "y"]}, {"name": "b", "port": 2}],
	"helm": {"replicas": 2, "image": {"tag": "1.10", "repo": "ghcr.io/a/b"}, "args": ["--x=1", "yes", ""], "on": "true", "ratio": 0.25, "note": "a: b # c", "script": "set -e\nrun\n"}
}`

// Prints how Kubernetes reads each case: apimachinery splits the text into documents and
// sigs.k8s.io/yaml makes JSON of them. The output is committed as ../scalars/table.jsonl.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"os"
	"slices"
	"unicode/utf8"

	"k8s.io/apimachinery/pkg/api/resource"
	splitter "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

// row is one line of the table. An absent answer is a refusal.
type row struct {
	Case      string            `json:"case,omitempty"`
	Input     string            `json:"input,omitempty"`
	Base64    []byte            `json:"base64,omitempty"`
	Documents []json.RawMessage `json:"documents,omitempty"`
	Quantity  string            `json:"quantity,omitempty"`
	Nanos     string            `json:"nanos,omitempty"`
	Error     bool              `json:"error,omitempty"`
	// Strict is set where only the strict reader refuses.
	Strict bool `json:"strictError,omitempty"`
	// Unsettled is set where Kubernetes reads one text in two ways, by chance: there is no answer then.
	Unsettled bool `json:"unsettled,omitempty"`
	// Refused is the code with which tidegate refuses what Kubernetes reads.
	Refused string `json:"refused,omitempty"`
	Because string `json:"because,omitempty"`
}

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
	var rows []row
	for _, c := range cases {
		rows = append(rows, answer(c))
	}
	rows = append(rows, scalars(1000)...)
	for _, text := range quantities() {
		rows = append(rows, quantity(text))
	}
	for _, r := range rows {
		if err := encoder.Encode(r); err != nil {
			return fmt.Errorf("%s: %w", r.Case, err)
		}
	}
	return buffered.Flush()
}

func answer(r row) row {
	text := []byte(r.Input)
	if !utf8.Valid(text) {
		r.Input, r.Base64 = "", text
	}
	documents, err := read(text, yaml.YAMLToJSON)
	if err != nil {
		r.Error = true
		return r
	}
	r.Documents = documents
	if !settled(text, documents) {
		r.Documents, r.Unsettled = nil, true
	}
	if _, err := read(text, yaml.YAMLToJSONStrict); err != nil {
		r.Strict = true
	}
	return r
}

// settled says whether the text is read in the same way again and again. Keys that become one after
// conversion come in the random order of Go's maps: 64 equal answers by chance are one in 2^63.
func settled(text []byte, first []json.RawMessage) bool {
	for range 64 {
		again, err := read(text, yaml.YAMLToJSON)
		if err != nil || !slices.EqualFunc(first, again, func(a, b json.RawMessage) bool { return bytes.Equal(a, b) }) {
			return false
		}
	}
	return true
}

func read(text []byte, convert func([]byte) ([]byte, error)) ([]json.RawMessage, error) {
	documents := []json.RawMessage{}
	reader := splitter.NewYAMLReader(bufio.NewReader(bytes.NewReader(text)))
	for {
		document, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return documents, nil
		}
		if err != nil {
			return nil, err
		}
		value, err := convert(document)
		if err != nil {
			return nil, err
		}
		documents = append(documents, value)
	}
}

func quantity(text string) row {
	r := row{Quantity: text}
	value, err := resource.ParseQuantity(text)
	if err != nil {
		r.Error = true
		return r
	}
	amount := value.AsDec()
	nanos := new(big.Int).Set(amount.UnscaledBig())
	ten := big.NewInt(10)
	for scale := int64(amount.Scale()); scale < 9; scale++ {
		nanos.Mul(nanos, ten)
	}
	r.Nanos = nanos.String()
	return r
}

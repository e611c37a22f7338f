// Package globs asks the matcher that Argo CD's generators use which paths a glob matches.
package globs

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/bmatcuk/doublestar/v4"
)

// question is a glob and a path of a file, and whether tidegate matches them.
type question struct {
	Glob    string
	Path    string
	Matches bool
}

// TestAgree reads the questions of the file that $TIDEGATE_GLOBS names.
func TestAgree(t *testing.T) {
	path := os.Getenv("TIDEGATE_GLOBS")
	if path == "" {
		t.Fatal("TIDEGATE_GLOBS names no file; the Rust test `foreign::globs` runs this")
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var questions []question
	if err := json.Unmarshal(text, &questions); err != nil {
		t.Fatal(err)
	}
	matched := 0
	for _, one := range questions {
		matches, err := doublestar.Match(one.Glob, one.Path)
		if err != nil || matches != one.Matches {
			t.Errorf("%s and %s: %t here, %t there (%v)", one.Glob, one.Path, one.Matches, matches, err)
		}
		if matches {
			matched++
		}
	}
	t.Logf("%d questions, %d matches", len(questions), matched)
}

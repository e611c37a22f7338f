// Package windows asks Argo CD's own code at each minute of a year whether it would sync.
package windows

import (
	"encoding/json"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/argoproj/argo-cd/v3/pkg/apis/application/v1alpha1"
	"sigs.k8s.io/yaml"
)

// question is a project, and the spans of seconds since 1970 in which nothing may be synced.
type question struct {
	Name    string
	Project string
	From    int64
	To      int64
	Held    [][2]int64
	// Longer: it may hold where Argo CD syncs, on as many minutes as are named.
	Longer int
}

// TestAgree reads the questions of the file that $TIDEGATE_WINDOWS names.
func TestAgree(t *testing.T) {
	path := os.Getenv("TIDEGATE_WINDOWS")
	if path == "" {
		t.Fatal("TIDEGATE_WINDOWS names no file; the Rust test `foreign::argocd` runs this")
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var questions []question
	if err := json.Unmarshal(text, &questions); err != nil {
		t.Fatal(err)
	}
	for _, one := range questions {
		t.Run(one.Name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { agree(t, one) })
		})
	}
}

// agree asks at each minute, with the clock that the code itself reads standing there.
func agree(t *testing.T, one question) {
	var project v1alpha1.AppProject
	if err := yaml.UnmarshalStrict([]byte(one.Project), &project); err != nil {
		t.Fatal(err)
	}
	windows := project.Spec.SyncWindows
	for _, window := range windows {
		zone := window.TimeZone
		if err := window.Validate(); err != nil || window.TimeZone != zone {
			t.Fatalf("%v: not taken as it is: %v", window, err)
		}
	}
	app := v1alpha1.Application{}
	app.Name = "shop"
	matching := windows.Matches(&app)
	var minutes, held, longer, wrong int
	next := 0
	// A window that begins at a minute is open from the first nanosecond after it.
	for second := one.From - one.From%60 + 61; second < one.To; second += 60 {
		time.Sleep(time.Until(time.Unix(second, 0)))
		sync, err := matching.CanSync(false)
		if err != nil {
			t.Fatal(err)
		}
		for next < len(one.Held) && one.Held[next][1] <= second {
			next++
		}
		ours := next < len(one.Held) && one.Held[next][0] <= second
		minutes++
		if ours {
			held++
		}
		if ours == !sync {
			continue
		}
		if ours {
			longer++
			continue
		}
		if wrong++; wrong <= 5 {
			t.Errorf("%s: Argo CD holds what is open here", time.Now().UTC().Format(time.RFC3339))
		}
	}
	if wrong > 5 {
		t.Errorf("... and at %d more minutes", wrong-5)
	}
	if longer != one.Longer {
		t.Errorf("holds at %d minutes at which Argo CD syncs, expected are %d", longer, one.Longer)
	}
	t.Logf("%d windows, %d minutes, held at %d, longer at %d", len(windows), minutes, held, longer)
}

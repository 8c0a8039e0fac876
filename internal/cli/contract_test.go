package cli_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/amirotate/amirotate/internal/farmtest"
	"github.com/google/go-cmp/cmp"
)

// object is decoded JSON.
type object = map[string]any

// has fails for keys that an object lacks.
func has(t *testing.T, what string, o any, keys ...string) object {
	t.Helper()
	m, ok := o.(object)
	if !ok {
		t.Fatalf("%s is %T", what, o)
	}
	for _, k := range keys {
		if _, ok := m[k]; !ok {
			t.Errorf("%s has no %q: %v", what, k, m)
		}
	}
	return m
}

// Programs rely on every field of plan --json.
func TestPlanJSON(t *testing.T) {
	t.Parallel()
	f := farmtest.Start(t, baseScenario(t), map[string]string{"list.txt": crlfList + "\r\nmac1 MARK-4 snap=true"})
	var decoded any
	f.MustRun(0, "plan", "--json").JSON(t, &decoded)
	plan := has(t, "the plan", decoded, "region", "list", "images", "static_workers", "problems")
	list := has(t, "list", plan["list"], "path", "entries", "edits")
	if list["entries"] != 4.0 || plan["region"] != "eu-west-3" || !cmp.Equal(plan["static_workers"], []any{"mac1"}) {
		t.Errorf("entries %v, region %v, static workers %v", list["entries"], plan["region"], plan["static_workers"])
	}
	edits := list["edits"].([]any)
	if want := []any{object{"line": 2.0, "worker": "linux1", "from": "ami-457cbc01", "to": ""}}; !cmp.Equal(edits[:1], want) || len(edits) != 3 {
		t.Errorf("edits are %v", edits)
	}
	for _, img := range plan["images"].([]any) {
		m := has(t, "an image", img, "source", "name", "platform", "workers", "instance_type", "action", "replacement", "changes")
		for _, c := range m["changes"].([]any) {
			change := has(t, "a change", c, "path", "old_md5", "new_md5")
			if old := change["old_md5"].([]any); len(old) != 1 || old[0] == change["new_md5"] {
				t.Errorf("a change is from %v to %v", old, change["new_md5"])
			}
		}
		if m["action"] != "replace" || len(m["changes"].([]any)) != 1 {
			t.Errorf("an image is %v", m)
		}
	}
	f.MustRun(2, "plan", "--json", "--security-group", "closed").JSON(t, &decoded)
	problems := decoded.(object)["problems"].([]any)
	if len(problems) == 0 {
		t.Error("no problem with a closed group")
	}
	for _, p := range problems {
		has(t, "a problem", p, "code", "severity", "image", "message", "hint")
	}
}

// Programs rely on every event of rotate --json, in its order.
func TestRotateJSON(t *testing.T) {
	t.Parallel()
	f := farmtest.Start(t, baseScenario(t), map[string]string{"list.txt": crlfList})
	r := f.MustRun(0, "rotate", "--json")
	course := map[any][]string{}
	lines := strings.Split(strings.TrimSpace(r.Stdout), "\n")
	for _, line := range lines[:len(lines)-1] {
		var e object
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		has(t, "an event", e, "time", "event", "image", "step", "status", "elapsed_ms", "detail")
		if _, err := time.Parse(time.RFC3339Nano, e["time"].(string)); err != nil || e["event"] != "step" {
			t.Errorf("%v: %s", err, line)
		}
		if _, elapsed := e["elapsed_ms"].(float64); !elapsed {
			t.Errorf("elapsed_ms is no number: %s", line)
		}
		course[e["image"]] = append(course[e["image"]], fmt.Sprint(e["step"], " ", e["status"]))
	}
	var want []string
	for _, step := range strings.Fields("launch connect patch stop bake prove") {
		want = append(want, step+" start", step+" ok")
	}
	for _, image := range []string{"ami-457cbc01", "ami-0123456789abcdef0", "ami-8743bdc3"} {
		if got := slices.Compact(course[image]); !cmp.Equal(got, want) {
			t.Errorf("%s: %s", image, cmp.Diff(want, got))
		}
	}
	if got := course[""]; !cmp.Equal(got, []string{"list start", "list ok", "clean start", "clean ok"}) {
		t.Errorf("the whole run: %v", got)
	}
	var decoded any
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &decoded); err != nil {
		t.Fatal(err)
	}
	summary := has(t, "the summary", decoded, "event", "images", "list_rewritten", "exit_code")
	if summary["event"] != "summary" || summary["exit_code"] != 0.0 || summary["list_rewritten"] != true {
		t.Errorf("the summary is %v", summary)
	}
	for _, img := range summary["images"].([]any) {
		if m := has(t, "an image", img, "source", "replacement", "status"); m["status"] != "replaced" {
			t.Errorf("%v", m)
		}
	}
}

// What is piped is text: no escape sequence, no line that is redrawn. A
// terminal's width doesn't matter to it.
func TestPipedOutput(t *testing.T) {
	t.Parallel()
	f := farmtest.Start(t, baseScenario(t), map[string]string{"list.txt": crlfList})
	for _, args := range [][]string{{"plan"}, {"rotate", "--verbose"}, {"rotate"}, {"rollback"}, {"slavelist", "show"}, {"gc"}} {
		r := f.MustRun(0, args...)
		if i := strings.IndexAny(r.Stdout, "\x1b\r\b\a"); i >= 0 || r.Stderr != "" || r.Stdout == "" {
			t.Errorf("%v wrote %q, %q", args, r.Stdout, r.Stderr)
		}
		if strings.Contains(r.Stdout, "MARK-") {
			t.Errorf("%v wrote a password: %s", args, r.Stdout)
		}
	}
}

// The short lines leave digests out; --verbose and JSON have them whole.
func TestVerboseHasWholeDigests(t *testing.T) {
	t.Parallel()
	f := farmtest.Start(t, baseScenario(t), map[string]string{"list.txt": crlfList})
	count := func(stdout string) (sha256 int) {
		for _, word := range strings.Fields(stdout) {
			if word = strings.TrimRight(word, `",`); len(word) == 64 && strings.Trim(word, "0123456789abcdef") == "" {
				sha256++
			}
		}
		return sha256
	}
	if n := count(f.MustRun(0, "rotate").Stdout); n != 0 {
		t.Errorf("%d whole SHA-256 in the lines", n)
	}
	f.MustRun(0, "rollback")
	for _, args := range [][]string{{"rotate", "--verbose", "--linux-path", "/srv/bystander.pem"}} {
		if n := count(f.Run(args...).Stdout); n == 0 {
			t.Errorf("%v shows no whole SHA-256", args)
		}
	}
}

package master_test

import (
	"bytes"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/amirotate/amirotate/internal/master"
)

func TestSwitch(t *testing.T) {
	w := newWorld(t)
	result, err := w.carry(true)
	if err != nil || result.Status != master.StatusSwitched || result.Backup != "20150714T010203Z" || !result.Key.Replaced ||
		result.Certificate.Before.MD5 == result.Certificate.After.MD5 || len(result.Commands) != 2 || result.Commands[1].Output != "buildmaster restarted\n" {
		t.Fatalf("%+v, %v", result, err)
	}
	w.holds(w.new, &w.old)
	if w.restarts != 1 || !bytes.Equal(w.serves, w.new.cert) {
		t.Errorf("%d restarts", w.restarts)
	}

	result, err = w.carry(false)
	if err != nil || result.Status != master.StatusUnchanged || w.restarts != 1 {
		t.Errorf("again: %+v, %v, %d restarts", result, err, w.restarts)
	}
	w.serves = w.old.cert
	if result, err = w.carry(false); err != nil || result.Status != master.StatusRestarted || w.restarts != 2 {
		t.Errorf("while the old one is presented: %+v, %v, %d restarts", result, err, w.restarts)
	}
	if result, err = w.carry(true); err != nil || result.Status != master.StatusRestarted || w.restarts != 3 {
		t.Errorf("after the list was rewritten: %+v, %v, %d restarts", result, err, w.restarts)
	}
	w.holds(w.new, &w.old)
}

// TestKilled ends a run at every call that changes something, before it and
// after it, and between the two files; what runs next finishes the job.
func TestKilled(t *testing.T) {
	for _, back := range []bool{false, true} {
		deaths := 0
		for dies := 1; ; dies++ {
			w := newWorld(t)
			want, run := w.new, w.carry
			if back {
				if _, err := w.carry(true); err != nil {
					t.Fatal(err)
				}
				w.calls, want = 0, w.old
				run = func(list bool) (*master.Result, error) { return w.sw.Rollback(t.Context(), list) }
			}
			w.dies = dies
			_, err := run(true)
			if err == nil {
				break
			}
			deaths++
			if !errors.Is(err, errDied) {
				t.Fatalf("back %v, death %d: %v", back, dies, err)
			}
			w.dies = 0
			before := w.restarts
			if _, err := run(false); err != nil {
				t.Fatalf("back %v, after death %d: %v", back, dies, err)
			}
			kept := &w.old
			w.holds(want, kept)
			if !bytes.Equal(w.serves, want.cert) || w.restarts == 0 {
				t.Errorf("back %v, after death %d: the daemon was not restarted (%d, then %d times)", back, dies, before, w.restarts)
			}
		}
		if deaths < 10 {
			t.Errorf("back %v: only %d deaths", back, deaths)
		}
	}
}

// TestKilledBeforeTheCommands: the port alone does not tell that the second
// command was never run, but the mark does.
func TestKilledBeforeTheCommands(t *testing.T) {
	w := newWorld(t)
	if err := w.sw.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := w.names(); !slices.Contains(got, "cert.pem.amirotate-unfinished") {
		t.Errorf("no mark: %q", got)
	}
	w.write("cert.pem", w.new.cert, 0o644)
	w.write("key.pem", w.new.key, 0o600)
	w.serves = w.new.cert
	if result, err := w.carry(false); err != nil || result.Status != master.StatusRestarted || len(result.Commands) != 2 {
		t.Errorf("%+v, %v", result, err)
	}
	w.holds(w.new, nil)
}

// TestFailures: each says what to undo, rollback undoes it, and nothing shows a
// key.
func TestFailures(t *testing.T) {
	for _, broken := range []string{"fail", "stale", "hang"} {
		w := newWorld(t)
		w.broken = broken
		if broken == "hang" {
			w.sw.Commands[0].Run, w.sw.Commands[0].Timeout = "echo begun; sleep 30", 200*time.Millisecond
		}
		result, err := w.carry(true)
		var failed *master.Error
		if !errors.As(err, &failed) || result.Status != master.StatusFailed {
			t.Fatalf("%s: %+v, %v", broken, result, err)
		}
		words := map[string]string{"fail": `exit status 7; it said: `, "stale": "presents still the old certificate", "hang": "has not ended within 200ms"}[broken]
		hint := failed.Hint()
		if !strings.Contains(err.Error(), words) || !strings.Contains(hint, "amirotate rollback") || !strings.Contains(hint, w.path(backupKey)+" "+w.path("key.pem")) {
			t.Errorf("%s: %v\nhint: %s", broken, err, hint)
		}
		w.secretFree(err.Error() + hint + w.events.String() + result.Error + result.Commands[0].Output)
		w.broken = ""
		w.sw.Commands[0].Run = "restart"
		if err := w.sw.PrepareRollback(t.Context(), true); err != nil {
			t.Fatal(err)
		}
		back, err := w.sw.Rollback(t.Context(), true)
		if err != nil || back.Status != master.StatusRolledBack || !bytes.Equal(w.serves, w.old.cert) {
			t.Errorf("%s: back: %+v, %v", broken, back, err)
		}
		w.holds(w.old, &w.old)
		if back, err = w.sw.Rollback(t.Context(), false); err != nil || back.Status != master.StatusUnchanged {
			t.Errorf("%s: back again: %+v, %v", broken, back, err)
		}
		if result, err = w.carry(true); err != nil || result.Status != master.StatusSwitched {
			t.Errorf("%s: forward again: %+v, %v", broken, result, err)
		}
		w.holds(w.new, &w.old)
	}
}

// secretFree fails if a text shows a line of a key.
func (w *world) secretFree(text string) {
	w.Helper()
	for _, key := range [][]byte{w.old.key, w.new.key} {
		for line := range strings.Lines(string(key)) {
			if line = strings.TrimSpace(line); !strings.HasPrefix(line, "-----") && strings.Contains(text, line) {
				w.Errorf("a private key is shown:\n%s", text)
			}
		}
	}
}

// TestRefused: what is not expected is never touched, and the plan says so too.
func TestRefused(t *testing.T) {
	third := makePair(t, "third", start, start.AddDate(1, 0, 0))
	for name, c := range map[string]struct {
		change func(w *world)
		code   string
		words  string
	}{
		"another certificate":    {func(w *world) { w.write("cert.pem", third.cert, 0o644) }, master.CodeCertificate, "that of CN=third until 2016-07-14"},
		"no certificate":         {func(w *world) { _ = os.Remove(w.path("cert.pem")) }, master.CodeCertificate, "no such file"},
		"no text at all":         {func(w *world) { w.write("cert.pem", []byte("hello"), 0o644) }, master.CodeCertificate, "something else"},
		"another key":            {func(w *world) { w.write("key.pem", third.key, 0o600) }, master.CodeKey, "neither the key of an expected old certificate"},
		"another key, half done": {func(w *world) { w.write("cert.pem", w.new.cert, 0o644); w.write("key.pem", third.key, 0o600) }, master.CodeKey, "neither the key"},
		"no key":                 {func(w *world) { _ = os.Remove(w.path("key.pem")) }, master.CodeKey, "no such file"},
		"no new key at hand":     {func(w *world) { w.sw.NewKey = nil }, master.CodeKey, "is not at hand"},
		"a new key of another":   {func(w *world) { w.sw.NewKey = w.parse("third-key.pem", third.key) }, master.CodeKey, "the key in third-key.pem is not that of new-cert.pem"},
		"key nowhere":            {func(w *world) { w.sw.Key = "" }, master.CodeKey, "holds no private key"},
		"the wrong one comes first": {func(w *world) {
			w.sw.New = w.parse("both.pem", append(slices.Clone(third.cert), append(slices.Clone(w.new.cert), w.new.key...)...))
		}, master.CodeCertificate, "first certificate in both.pem"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.T = t
			c.change(w)
			before := w.names()
			plan, problems := w.sw.Plan(t.Context())
			if plan.Action != master.ActionBlocked || len(problems) == 0 || problems[len(problems)-1].Code != c.code ||
				!strings.Contains(problems[len(problems)-1].Message, c.words) || problems[len(problems)-1].Hint == "" {
				t.Errorf("plan: %+v, %+v", plan, problems)
			}
			_, err := w.carry(true)
			var failed *master.Error
			if !errors.As(err, &failed) || !strings.Contains(err.Error(), c.words) || !failed.Untouched {
				t.Errorf("%v", err)
			}
			if err := w.sw.Prepare(t.Context()); err == nil {
				t.Error("it was prepared")
			}
			if got := w.names(); !slices.Equal(got, before) || w.restarts != 0 {
				t.Errorf("in the folder: %q, %d restarts", got, w.restarts)
			}
		})
	}
}

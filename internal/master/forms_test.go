package master_test

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/amirotate/amirotate/internal/master"
)

// TestOneFile: certificate and key in one file, as stunnel's cert = often names,
// with what else stands in it.
func TestOneFile(t *testing.T) {
	const before, between, after = "# the farm's certificate\n", "\n", "-----BEGIN DH PARAMETERS-----\nMAYCAQ8CAQI=\n-----END DH PARAMETERS-----\n# end"
	for name, order := range map[string]func(p pair) string{
		"key first":         func(p pair) string { return before + string(p.key) + between + string(p.cert) + after },
		"certificate first": func(p pair) string { return before + string(p.cert) + between + string(p.key) + after },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.sw.Key = ""
			if err := os.Remove(w.path("key.pem")); err != nil {
				t.Fatal(err)
			}
			w.write("cert.pem", []byte(order(w.old)), 0o600)
			if err := os.Chmod(w.path("cert.pem"), 0o600); err != nil {
				t.Fatal(err)
			}
			plan, problems := w.sw.Plan(t.Context())
			if plan.Action != master.ActionInstall || plan.Key != nil || plan.Certificate.MD5 != "" || len(problems) > 0 {
				t.Errorf("%+v, %+v", plan, problems)
			}
			result, err := w.carry(true)
			if err != nil || result.Certificate.After.MD5 != "" {
				t.Fatalf("%+v, %v", result, err)
			}
			if got := string(w.read("cert.pem")); got != order(w.new) {
				t.Errorf("it holds\n%s\nwant\n%s", got, order(w.new))
			}
			if got := string(w.read(backupCert)); got != order(w.old) {
				t.Errorf("the copy holds\n%s", got)
			}
			for _, file := range []string{"cert.pem", backupCert} {
				if info, err := os.Stat(w.path(file)); err != nil || info.Mode() != 0o600 {
					t.Errorf("%s: %v, %v", file, info.Mode(), err)
				}
			}
			if result, err = w.carry(false); err != nil || result.Status != master.StatusUnchanged {
				t.Errorf("again: %+v, %v", result, err)
			}
			if _, err = w.sw.Rollback(t.Context(), false); err != nil || string(w.read("cert.pem")) != order(w.old) {
				t.Errorf("back: %v\n%s", err, w.read("cert.pem"))
			}
			w.secretFree(w.events.String())
		})
	}
}

// TestWrittenDifferently: it is the certificate that is expected, not its bytes.
func TestWrittenDifferently(t *testing.T) {
	w := newWorld(t)
	text := "subject=old\n" + strings.ReplaceAll(string(w.old.cert), "\n", "\r\n")
	w.write("cert.pem", []byte(text), 0o644)
	if result, err := w.carry(false); err != nil || result.Status != master.StatusSwitched {
		t.Fatalf("%+v, %v", result, err)
	}
	if !bytes.Equal(w.read("cert.pem"), w.new.cert) || string(w.read(backupCert)) != text {
		t.Errorf("%s", w.read("cert.pem"))
	}
}

// TestPlan: it looks and changes nothing.
func TestPlan(t *testing.T) {
	w := newWorld(t)
	plan, problems := w.sw.Plan(t.Context())
	if plan.Action != master.ActionInstall || plan.Certificate.Holds != master.HoldsOld || plan.Key.Holds != master.HoldsOld ||
		plan.Presents.Holds != master.HoldsOld || len(plan.Commands) != 2 || len(problems) != 0 {
		t.Errorf("%+v, %+v", plan, problems)
	}
	w.holds(w.old, nil)
	if _, err := w.carry(false); err != nil {
		t.Fatal(err)
	}
	if plan, _ = w.sw.Plan(t.Context()); plan.Action != master.ActionNone || plan.Presents.Holds != master.HoldsNew {
		t.Errorf("done: %+v", plan)
	}
	w.serves = w.old.cert
	if plan, _ = w.sw.Plan(t.Context()); plan.Action != master.ActionRestart {
		t.Errorf("while the old one is presented: %+v", plan)
	}
}

// TestExpiredNew: what workers would not accept is not a success.
func TestExpiredNew(t *testing.T) {
	w := newWorld(t)
	w.new = makePair(t, "new", start.AddDate(-1, 0, 0), start.AddDate(0, 0, -1))
	w.sw.New, w.sw.NewKey = w.parse("new-cert.pem", w.new.cert), w.parse("new-key.pem", w.new.key)
	if _, err := w.carry(false); err == nil || !strings.Contains(err.Error(), "would not accept it: CN=new (ends 2015-07-13) expired on 2015-07-13") {
		t.Errorf("%v", err)
	}
}

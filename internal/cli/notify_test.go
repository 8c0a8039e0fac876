package cli_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/amirotate/amirotate/internal/farmtest"
)

// notified returns what on_success or on_failure was told, and forgets it.
func notified(t *testing.T, f *farmtest.Farm, event string) (variables, summary string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(f.Dir, event))
	if os.IsNotExist(err) {
		return "", ""
	}
	if err := os.Remove(filepath.Join(f.Dir, event)); err != nil {
		t.Fatal(err)
	}
	variables, summary, _ = strings.Cut(string(text), "\n--\n")
	return variables, summary
}

// Those who are to be told are told of what was done and of what failed, not of
// refreshes that found nothing to do; and what becomes of that changes nothing.
func TestNotify(t *testing.T) {
	t.Parallel()
	f := startFresh(t, "")
	tell := func(file string) string {
		return "'{ env | grep ^AMIROTATE_ | sort; echo --; cat; } >" + filepath.Join(f.Dir, file) + "'"
	}
	f.Write("amirotate.yaml", string(f.Read("amirotate.yaml"))+
		"notify:\n  on_success:\n    - run: "+tell("success")+"\n  on_failure:\n    - run: echo out of order >&2; exit 3\n    - {run: sleep 60, timeout: 50ms}\n    - run: "+tell("failure")+"\n")
	r := f.MustRun(0, "refresh", "--quiet")
	if r.Stdout+r.Stderr != "" {
		t.Errorf("--quiet says %q%q", r.Stdout, r.Stderr)
	}
	variables, text := notified(t, f, "success")
	for _, want := range []string{"EVENT=success", "COMMAND=refresh", "EXIT_CODE=0", "ERROR=", "IMAGES=2", "IMAGES_REPLACED=2", "IMAGES_FAILED=0",
		"LIST_REWRITTEN=true", "LIST=" + filepath.Join(f.Dir, "slave-list.txt"), "CERTIFICATE_MADE=true"} {
		if !strings.Contains("\n"+variables+"\n", "\nAMIROTATE_"+want+"\n") {
			t.Errorf("no %s in\n%s", want, variables)
		}
	}
	var summary struct {
		Event, Command string
		Images         []struct{ Status string }
	}
	if err := json.Unmarshal([]byte(text), &summary); err != nil || summary.Command != "refresh" || summary.Event != "summary" || len(summary.Images) != 2 {
		t.Errorf("it was told %v, %s", err, text)
	}
	for _, command := range []string{"refresh", "rotate"} {
		f.MustRun(0, command)
		if variables, _ := notified(t, f, "success"); variables != "" {
			t.Errorf("%s, with nothing to do, told\n%s", command, variables)
		}
	}

	f.Write("amirotate.yaml", string(f.Read("amirotate.yaml"))+"epoch: next\n")
	for _, id := range listed(f) {
		write(t, filepath.Join(f.Dir, "images", id, "root/srv/cert.pem"), "something else")
	}
	for _, command := range []string{"refresh", "rotate"} {
		r := f.MustRun(4, command)
		for _, want := range []string{"exit status 3: out of order", `cannot notify by "sleep 60": it took longer than 50ms`} {
			if !strings.Contains(r.Stderr, want) {
				t.Errorf("%s doesn't say %q: %s", command, want, r.Stderr)
			}
		}
		variables, _ := notified(t, f, "failure")
		for _, want := range []string{"EVENT=failure", "COMMAND=" + command, "EXIT_CODE=4", "IMAGES_REPLACED=0", "IMAGES_FAILED=2", "CERTIFICATE_MADE=false", "ERROR=cannot finish: 2 of 2"} {
			if !strings.Contains("\n"+variables, "\nAMIROTATE_"+want) {
				t.Errorf("%s: no %s in\n%s", command, want, variables)
			}
		}
	}
	f.Write("slave-list.txt", "not a list")
	f.MustRun(2, "refresh")
	if variables, _ := notified(t, f, "failure"); !strings.Contains(variables, "AMIROTATE_EXIT_CODE=2") {
		t.Errorf("of a refresh that could not start: %q", variables)
	}
}

// A command that is told doesn't get the farm's passwords.
func TestNotifyWithoutSecrets(t *testing.T) {
	f := startFresh(t, "")
	t.Setenv("AMIROTATE_WINRM_PASSWORD", "MARK-4")
	t.Setenv("BOT_PASSPHRASE", "MARK-5")
	t.Setenv("MAIL_TO", "ops")
	out := filepath.Join(f.Dir, "env")
	config := strings.Replace(string(f.Read("amirotate.yaml")), "certificate:\n", "certificate:\n  passphrase: {env: BOT_PASSPHRASE}\n", 1)
	f.Write("amirotate.yaml", config+"notify: {on_failure: [{run: env >"+out+"}]}\n")
	f.MustRun(2, "refresh") // the passphrase is not in the farm's environment
	env := string(f.Read("env"))
	if !strings.Contains(env, "MAIL_TO=ops") || strings.Contains(env, "MARK-") {
		t.Errorf("it got\n%s", env)
	}
}

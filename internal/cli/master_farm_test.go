package cli_test

import (
	"bytes"
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/amirotate/amirotate/internal/cert"
	"github.com/amirotate/amirotate/internal/farmtest"
	"github.com/amirotate/amirotate/internal/master"
	"github.com/amirotate/amirotate/internal/rotate"
	"github.com/amirotate/amirotate/internal/ui"
)

// masterFarm is a farm of one image and a buildmaster.
const masterFarm = `
slave_list: list.txt
clock: {scale: 0.0001}
timings: {api: 0s, pending: 1s, boot: {linux: 1s}, stop: 1s, image: 1s, terminate: 1s}
throttle: off
security_groups:
  - {id: sg-11111111, name: workers, ingress: [{port: 22, from: bastion}]}
images:
  - {id: ami-11111111, name: one, user: builder, files: [{path: /etc/cert.pem, from: old}]}
master: `

var masterList = map[string]string{"list.txt": "# ami-11111111 since spring\r\nlinux1 secret ami=ami-11111111 max_builds=1\nmac1 secret snap=true"}

// masterKinds are the ways to reach a buildmaster, and to hold its pair.
var masterKinds = map[string]string{
	"over SSH":    "{}",
	"here":        "{reach: local}",
	"in one file": "{key: '-'}",
}

// masterWorld is a farm whose buildmaster's folder is watched.
type masterWorld struct {
	*farmtest.Farm
	list, certificate, key []byte // as they were
	hasKey                 bool
}

func startMasterFarm(t *testing.T, kind string) *masterWorld {
	t.Helper()
	w := &masterWorld{Farm: farmtest.Start(t, masterFarm+kind, masterList)}
	w.list, w.certificate = w.Read("slave-list.txt"), w.Read(masterCert)
	if w.hasKey = !strings.Contains(kind, "key:"); w.hasKey {
		w.key = w.Read(masterKey)
	}
	return w
}

const (
	masterCert = "master/root/etc/stunnel/bot-cert.pem"
	masterKey  = "master/root/etc/stunnel/bot-key.pem"
)

// folder lists the folder of the pair, without the times in the names of copies.
func (w *masterWorld) folder() []string {
	w.T.Helper()
	var names []string
	for _, name := range w.Folders(filepath.Dir(masterCert)) {
		if i := strings.Index(name, ".pem.2"); i > 0 {
			name = name[:i] + ".pem.TIME"
		}
		names = append(names, name)
	}
	return names
}

// presented is what the buildmaster's port shows, by its owner's eyes.
func (w *masterWorld) presents(file string) bool {
	w.T.Helper()
	shown, err := cert.Endpoint(w.T.Context(), (&net.Dialer{}).DialContext, w.Sandbox.Master().Addr())
	if err != nil {
		return false
	}
	want, err := cert.Parse(file, w.Read(file))
	if err != nil {
		w.T.Fatal(err)
	}
	return bytes.Equal(shown.Certificates[0].Raw, want.Certificates[0].Raw)
}

// isAsItWas checks list, certificate and key byte for byte, with their modes.
func (w *masterWorld) isAsItWas() {
	w.T.Helper()
	w.holds("slave-list.txt", w.list, 0)
	if w.hasKey {
		w.holds(masterCert, w.certificate, 0o644)
		w.holds(masterKey, w.key, 0o600)
	} else {
		w.holds(masterCert, w.certificate, 0o600)
	}
	if !w.presents("old-cert.pem") {
		w.T.Error("the master does not present the old certificate")
	}
}

func (w *masterWorld) holds(name string, content []byte, mode os.FileMode) {
	w.T.Helper()
	if !bytes.Equal(w.Read(name), content) {
		w.T.Errorf("%s is not byte for byte what it was:\n%s", name, w.Read(name))
	}
	info, err := os.Stat(filepath.Join(w.Dir, name))
	if mode != 0 && (err != nil || info.Mode() != mode) {
		w.T.Errorf("%s: %v, %v, want %v", name, info.Mode(), err, mode)
	}
}

// isSwitched checks that all is new, and that nothing but copies is left.
func (w *masterWorld) isSwitched() {
	w.T.Helper()
	want := []string{"bot-cert.pem", "bot-cert.pem.TIME", "bot-key.pem", "bot-key.pem.TIME"}
	if !w.hasKey {
		want = want[:2]
	} else {
		w.holds(masterCert, w.Read("new-cert.pem"), 0o644)
		w.holds(masterKey, w.Read("new-key.pem"), 0o600)
	}
	if got := w.folder(); !slices.Equal(got, want) {
		w.T.Errorf("beside the certificate: %q, want %q", got, want)
	}
	if !w.presents("new-cert.pem") || bytes.Equal(w.Read("slave-list.txt"), w.list) {
		w.T.Error("the master does not present the new certificate, or the list is as it was")
	}
}

// secretFree checks that nobody was shown a line of a key.
func (w *masterWorld) secretFree(results ...farmtest.Result) {
	w.T.Helper()
	keys := append(slices.Clone(w.key), w.Read("new-key.pem")...)
	logs, err := filepath.Glob(filepath.Join(w.Dir, "state", "amirotate", "runs", "*"))
	if err != nil || len(logs) == 0 {
		w.T.Errorf("no event log: %v", err)
	}
	var text strings.Builder
	for _, r := range results {
		text.WriteString(r.Stdout + r.Stderr)
	}
	for _, log := range logs {
		content, err := os.ReadFile(log)
		if err != nil {
			w.T.Fatal(err)
		}
		text.Write(content)
	}
	for line := range strings.Lines(string(keys)) {
		if line = strings.TrimSpace(line); !strings.HasPrefix(line, "-----") && line != "" && strings.Contains(text.String(), line) {
			w.T.Fatalf("a line of a private key is shown")
		}
	}
}

// TestMaster: the plan looks, rotate switches, and again there is nothing to do.
func TestMaster(t *testing.T) {
	for name, kind := range masterKinds {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := startMasterFarm(t, kind)
			var plan rotate.Plan
			w.MustRun(0, "plan", "--json").JSON(t, &plan)
			if plan.Master == nil || plan.Master.Action != master.ActionInstall || plan.Master.Presents.Holds != master.HoldsOld || len(plan.Master.Commands) != 2 {
				t.Errorf("the plan: %+v", plan.Master)
			}
			w.isAsItWas()

			r := w.MustRun(0, "rotate", "--json")
			w.isSwitched()
			steps, summary := eventsOf(t, r)
			if want := []string{"list", "install", "command", "command", "check", "clean"}; !slices.Equal(steps, want) {
				t.Errorf("steps of the run: %v, want %v", steps, want)
			}
			if m := summary.Master; m == nil || m.Status != master.StatusSwitched || len(m.Commands) != 2 || m.Backup == "" || m.Presented == "" ||
				m.Commands[0].Output != "stunnel: restarted\n" || (m.Certificate.After.MD5 != "") != w.hasKey {
				t.Errorf("summary: %+v", summary.Master)
			}
			again := w.MustRun(0, "rotate")
			if stunnel, buildmaster := w.Sandbox.Master().Restarts(); stunnel != 1 || buildmaster != 1 {
				t.Errorf("%d restarts of stunnel, %d of the buildmaster, want one each\n%s", stunnel, buildmaster, again.Stdout)
			}
			w.MustRun(0, "plan", "--detailed-exitcode")

			back := w.MustRun(0, "rollback", "--json")
			w.isAsItWas()
			var told struct{ Master *master.Result }
			back.JSON(t, &told)
			if told.Master == nil || told.Master.Status != master.StatusRolledBack {
				t.Errorf("%+v", told.Master)
			}
			w.secretFree(r, again, back)
		})
	}
}

// TestMasterFails: after a restart that fails, or that nobody notices, the error
// says what to undo, and rollback puts list, certificate and key back.
func TestMasterFails(t *testing.T) {
	for name, words := range map[string]string{
		"fail":  "exit status 1; it said: [!] Server is down",
		"stale": "presents still the old certificate",
		"hang":  "has not ended within",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := startMasterFarm(t, "{restart: "+name+"}")
			config := strings.NewReplacer("10s", "2s", "run: restart-stunnel", "run: restart-stunnel\n      timeout: 300ms").Replace(string(w.Read("amirotate.yaml")))
			w.Write("amirotate.yaml", config)
			r := w.MustRun(1, "rotate")
			text := strings.Join(strings.Fields(r.Stderr), " ")
			for _, want := range []string{words, "amirotate rollback", "put " + filepath.Join(w.Dir, "slave-list.txt.previous") + " back",
				"/etc/stunnel/bot-key.pem.2", " /etc/stunnel/bot-key.pem;", "restart-stunnel"} {
				if !strings.Contains(text, want) {
					t.Errorf("%q is missing in\n%s", want, r.Stderr)
				}
			}
			if bytes.Equal(w.Read(masterCert), w.certificate) || bytes.Equal(w.Read("slave-list.txt"), w.list) {
				t.Fatal("nothing was switched")
			}
			failed := w.Run("rollback")
			if name == "fail" && (failed.Code != 1 || !strings.Contains(failed.Stderr, "run the same command again")) {
				t.Errorf("while it fails: exit code %d\n%s", failed.Code, failed.Stderr)
			}
			if err := os.Remove(filepath.Join(w.Dir, "master/root/etc/sandbox/restart-stunnel")); err != nil {
				t.Fatal(err)
			}
			w.MustRun(0, "rollback")
			w.isAsItWas()
			w.MustRun(0, "rotate")
			w.isSwitched()
			w.secretFree(r, failed)
		})
	}
}

// TestMasterGoesOn: a run that a failure has ended is finished by the next.
func TestMasterGoesOn(t *testing.T) {
	t.Parallel()
	w := startMasterFarm(t, "{restart: fail}")
	w.MustRun(1, "rotate")
	if got := w.folder(); !slices.Contains(got, "bot-cert.pem.amirotate-unfinished") {
		t.Errorf("no mark: %q", got)
	}
	if err := os.Remove(filepath.Join(w.Dir, "master/root/etc/sandbox/restart-stunnel")); err != nil {
		t.Fatal(err)
	}
	w.MustRun(0, "rotate")
	w.isSwitched()
	if stunnel, buildmaster := w.Sandbox.Master().Restarts(); stunnel != 2 || buildmaster != 1 {
		t.Errorf("%d restarts of stunnel, %d of the buildmaster", stunnel, buildmaster)
	}
}

// TestMasterBlocks: what is wrong with the master is found before anything is
// launched.
func TestMasterBlocks(t *testing.T) {
	for name, c := range map[string]struct {
		change func(w *masterWorld)
		words  string
	}{
		"unreachable": {func(w *masterWorld) {
			w.Write("amirotate.yaml", strings.ReplaceAll(string(w.Read("amirotate.yaml")), "ssh://buildmaster@", "ssh://nobody@"))
		}, "cannot look at the master on ssh://nobody@127.66.254.1: cannot connect"},
		"another certificate": {func(w *masterWorld) { w.Write(masterCert, string(w.Read("ssh/winrm-ca.pem"))) }, "holds neither an expected old certificate nor the new one"},
		"another key":         {func(w *masterWorld) { w.Write("new-key.pem", string(w.key)) }, "the key in"},
		"no key":              {func(w *masterWorld) { w.Write(masterKey, "") }, "neither the key of an expected old certificate"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := startMasterFarm(t, "{}")
			c.change(w)
			for _, command := range []string{"plan", "rotate"} {
				if r := w.MustRun(2, command); !strings.Contains(r.Stderr, c.words) || !strings.Contains(r.Stderr, "hint: ") {
					t.Errorf("%s: %s", command, r.Stderr)
				}
			}
			if n := w.CallsOf("RunInstances"); n != 0 {
				t.Errorf("%d instances were launched", n)
			}
		})
	}
}

// eventsOf decodes what rotate --json printed: the steps of the whole run that
// have begun or were skipped, and the summary.
func eventsOf(t *testing.T, r farmtest.Result) (steps []string, summary ui.Summary) {
	t.Helper()
	for line := range strings.Lines(r.Stdout) {
		var e rotate.Event
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		switch {
		case e.Event == "summary":
			if err := json.Unmarshal([]byte(line), &summary); err != nil {
				t.Fatal(err)
			}
		case e.Image == "" && e.Status == rotate.Start:
			steps = append(steps, string(e.Step))
		}
	}
	return steps, summary
}

// TestMasterIsCutOff: a connection that is lost while the pair is put in place,
// or while a command runs, ends the run; the next one finishes it.
func TestMasterIsCutOff(t *testing.T) {
	for _, fault := range []string{
		"{host: master, at: patch, do: drop-connection}",
		"{host: master, at: patch, do: disk-full}",
		"{host: master, at: run, do: drop-connection}",
		"{host: master, at: run, do: drop-connection, nth: 2}",
	} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			w := startMasterFarm(t, "{}\nfaults: ["+fault+"]")
			if r := w.MustRun(1, "rotate"); !strings.Contains(r.Stderr, "cannot switch the master") || !strings.Contains(r.Stderr, "amirotate rollback") {
				t.Errorf("%s", r.Stderr)
			}
			w.MustRun(0, "rotate")
			w.isSwitched()
		})
	}
}

// TestMasterWithFlags: a certificate that a flag names comes with its key.
func TestMasterWithFlags(t *testing.T) {
	t.Parallel()
	w := startMasterFarm(t, "{}")
	w.Write("other-cert.pem", string(w.Read("new-cert.pem")))
	w.Write("other-key.pem", string(w.Read("new-key.pem")))
	if r := w.MustRun(2, "plan", "--new-cert", "other-cert.pem"); !strings.Contains(r.Stderr, "the key of the new certificate is not at hand") {
		t.Errorf("%s", r.Stderr)
	}
	w.MustRun(0, "rotate", "--new-cert", "other-cert.pem", "--new-key", "other-key.pem")
	w.isSwitched()
}

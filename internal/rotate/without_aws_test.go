package rotate_test

import (
	"bytes"
	"context"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/amirotate/amirotate/internal/cli"
	"github.com/amirotate/amirotate/internal/farmtest"
	"github.com/amirotate/amirotate/internal/rotate"
)

// macFarm is a farm of Macs and their buildmaster, with a configuration that says
// nothing of AWS, and an environment that doesn't either.
type macFarm struct{ *farmtest.Farm }

func newMacFarm(t *testing.T) macFarm {
	t.Helper()
	f := farmtest.Start(t, "clock: {scale: 0.001}\nmaster: {reach: local}\nstatic:\n"+staticHost("mac1", "")+staticHost("mac2", ""), nil)
	config := string(f.Read("amirotate.yaml"))
	for _, section := range []string{"region:", "launch:", "bastion:", "platforms:"} {
		config = withoutSection(config, section)
	}
	f.Write("static.yaml", config)
	return macFarm{f}
}

func (f macFarm) mustRun(code int, args ...string) farmtest.Result {
	f.T.Helper()
	var out, errs bytes.Buffer
	env := map[string]string{"PATH": "/usr/bin:/bin", "XDG_STATE_HOME": filepath.Join(f.Dir, "state")}
	p := &cli.Process{Dir: f.Dir, Getenv: func(name string) string { return env[name] }, Stdin: bytes.NewReader(nil), Stdout: &out, Stderr: &errs, Now: time.Now}
	got := cli.Run(context.Background(), p, append([]string{"--config", filepath.Join(f.Dir, "static.yaml")}, args...))
	if got != code {
		f.T.Fatalf("%v: exit code %d, want %d\n%s%s", args, got, code, &out, &errs)
	}
	return farmtest.Result{Code: got, Stdout: out.String(), Stderr: errs.String()}
}

func (f macFarm) status(code int, args ...string) (fleet rotate.Fleet) {
	f.T.Helper()
	f.mustRun(code, append([]string{"status", "--json"}, args...)...).JSON(f.T, &fleet)
	return fleet
}

// A farm of static workers alone needs no AWS at all: no call, no region, no
// credentials, no security group. What is about images alone says so.
func TestStaticFarmWithoutAWS(t *testing.T) {
	f := newMacFarm(t)
	const certificate, key = "master/root/etc/stunnel/bot-cert.pem", "master/root/etc/stunnel/bot-key.pem"
	oldCert, oldKey, newCert := f.Read(certificate), f.Read(key), f.Read("new-cert.pem")

	f.mustRun(0, "plan")
	if fleet := f.status(3, "--probe"); !slices.Equal(fleet.InTheWay, []string{"mac1", "mac2"}) || fleet.Endpoint.Presents != rotate.PresentsOld {
		t.Errorf("before: %+v", fleet)
	}
	if got := statics(t, f.mustRun(0, "rotate", "--json")); got["mac1"].Status != rotate.StatusReplaced || got["mac2"].Status != rotate.StatusReplaced {
		t.Errorf("got %+v", got)
	}
	if !bytes.Equal(f.Read(certificate), newCert) {
		t.Error("the master was not switched")
	}
	if got := statics(t, f.mustRun(0, "rotate", "--json")); got["mac1"].Status != rotate.StatusUnchanged {
		t.Errorf("run again: %+v", got)
	}
	f.status(4)
	if fleet := f.status(0, "--probe"); !fleet.Safe || fleet.Endpoint.Presents != rotate.PresentsNew {
		t.Errorf("rotated: %+v", fleet)
	}
	if r := f.mustRun(0, "status", "--probe"); strings.Contains(r.Stdout, "image") || !strings.Contains(r.Stdout, "Safe to switch: every static worker") {
		t.Errorf("status of no image says\n%s", r.Stdout)
	}

	if r := f.mustRun(0, "refresh"); !strings.Contains(r.Stdout, "none of its workers has an image; nothing to do") {
		t.Errorf("nothing was due, and refresh says\n%s", r.Stdout)
	}
	f.Write(inStatic("mac1"), string(f.Read("old-cert.pem")))
	if r := f.mustRun(0, "refresh"); !strings.Contains(r.Stdout, "replaced") || !bytes.Equal(f.Read(inStatic("mac1")), newCert) {
		t.Errorf("a Mac had gone back, and refresh says\n%s", r.Stdout)
	}

	r := f.mustRun(0, "rollback")
	if !bytes.Equal(f.Read(certificate), oldCert) || !bytes.Equal(f.Read(key), oldKey) || !strings.Contains(r.Stdout, "Static workers were left as they are") {
		t.Errorf("the master does not hold its old pair again, or nobody tells of the Macs:\n%s", r.Stdout)
	}
	if r := f.mustRun(2, "gc"); !strings.Contains(r.Stderr, "no worker of ") || !strings.Contains(r.Stderr, "hint: gc looks in EC2 alone") {
		t.Errorf("gc says\n%s", r.Stderr)
	}
	if calls := f.Calls(); len(calls) > 0 {
		t.Errorf("EC2 was called: %+v", calls)
	}
}

// As soon as one worker has an image, what is missing is named before anything is
// done.
func TestOneImageNeedsAWS(t *testing.T) {
	f := newMacFarm(t)
	f.Write("slave-list.txt", string(f.Read("slave-list.txt"))+"linux1 secret ami=ami-0f1e2d3c\n")
	missing := func(what string, commands ...string) {
		t.Helper()
		for _, command := range commands {
			if r := f.mustRun(2, command); !strings.Contains(r.Stderr, what) || !strings.Contains(r.Stderr, "hint: ") {
				t.Errorf("%s says\n%s", command, r.Stderr)
			}
		}
	}
	const noRegion = "region"
	missing("no security group is given", "plan", "rotate", "refresh")
	missing(noRegion, "status", "rollback", "gc")
	f.Write("static.yaml", string(f.Read("static.yaml"))+"launch: {security_groups: [workers]}\n")
	missing(noRegion, "plan", "rotate", "refresh")
	if !bytes.Equal(f.Read(inStatic("mac1")), f.Read("old-cert.pem")) {
		t.Error("a static host was touched")
	}
}

// withoutSection removes a key of the top level and all that is below it.
func withoutSection(text, key string) string {
	var kept []string
	inside := false
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, " ") {
			inside = strings.HasPrefix(line, key)
		}
		if !inside {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "")
}

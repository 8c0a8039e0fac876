package cli_test

import (
	"bytes"
	"context"
	"encoding/pem"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/amirotate/amirotate/internal/cli"
	"github.com/amirotate/amirotate/internal/config"
	"github.com/amirotate/amirotate/internal/farmtest"
	"github.com/google/go-cmp/cmp"
)

// initIn runs init in a folder with these answers; nil is nobody at a terminal.
func initIn(t *testing.T, dir string, env map[string]string, answers []string, args ...string) (code int, stdout, asked string) {
	t.Helper()
	var out, errs bytes.Buffer
	p := &cli.Process{
		Dir: dir, Getenv: func(name string) string { return env[name] },
		Stdin: strings.NewReader(strings.Join(answers, "\n")), Interactive: answers != nil,
		Stdout: &out, Stderr: &errs, Now: time.Now,
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	code = cli.Run(ctx, p, append([]string{"init"}, args...))
	return code, out.String(), errs.String()
}

func load(t *testing.T, path string) *config.Config {
	t.Helper()
	c, err := config.Load(path, func(string) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// On a terminal init asks for what is needed and nothing else, offers what it
// guesses, and what comes of the answers is what plan wants.
func TestInitAsks(t *testing.T) {
	t.Parallel()
	f := farmtest.Start(t, "", nil)
	env := f.Sandbox.Environment()
	env["HOME"] = t.TempDir()
	env["AWS_REGION"], env["AWS_DEFAULT_REGION"] = "", ""
	bastion := f.Sandbox.Ready().Bastion
	answers := []string{
		"slave-list.txt", "old-cert.pem", "new-cert.pem",
		"a b@c", bastion.User + "@" + bastion.Address, "us-west-1", "rust-slave",
		"/home/rustbuild/rust-buildbot/rust-bot-cert.pem", "", `C:\Program Files (x86)\stunnel\cert.pem`,
	}
	dir := t.TempDir()
	for i, a := range answers[:3] {
		if err := os.WriteFile(filepath.Join(dir, a+".here"), f.Read(a), 0o600); err != nil {
			t.Fatal(err)
		}
		answers[i] = a + ".here"
	}
	code, out, asked := initIn(t, dir, env, append(answers, ""), "--known-hosts", bastion.KnownHosts, "--identity-file", bastion.IdentityFile)
	if code != 0 {
		t.Fatalf("exit code %d\n%s\n%s", code, out, asked)
	}
	if n := strings.Count(asked, "?"); n != len(answers) {
		t.Errorf("asked %d times for %d answers:\n%s", n, len(answers), asked)
	}
	if !strings.Contains(asked, "[rustbuild]") || !strings.Contains(asked, "user@host") {
		t.Errorf("no guess is offered, or nothing is said of the wrong answer:\n%s", asked)
	}
	c := load(t, filepath.Join(dir, "amirotate.yaml"))
	if diff := cmp.Diff([]string{"us-west-1", bastion.Address, bastion.User, "rustbuild"},
		[]string{c.Region, c.Bastion.Address, c.Bastion.User, c.Platforms.Linux.User}); diff != "" {
		t.Error(diff)
	}
	if r := f.RunBare(context.Background(), "--config", filepath.Join(dir, "amirotate.yaml"), "plan"); r.Code != 0 {
		t.Errorf("plan: exit code %d\n%s%s", r.Code, r.Stdout, r.Stderr)
	}
	if n := f.CallsOf("RunInstances"); n != 0 {
		t.Errorf("%d instances were launched", n)
	}
}

// Who ends the input is not asked again, and gets what is known so far.
func TestInitUnanswered(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	code, out, asked := initIn(t, dir, nil, []string{})
	if code != 0 || strings.Count(asked, "?") != 1 {
		t.Errorf("exit code %d\n%s%s", code, out, asked)
	}
	load(t, filepath.Join(dir, "amirotate.yaml"))
}

// The old certificate may come from the server that presents it, into a file
// that is not there yet.
func TestInitEndpoint(t *testing.T) {
	t.Parallel()
	server := httptest.NewTLSServer(nil)
	defer server.Close()
	address := strings.TrimPrefix(server.URL, "https://")
	host, _, _ := net.SplitHostPort(address)
	want := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.TLS.Certificates[0].Certificate[0]})

	for _, tc := range []struct{ have, content, wrote string }{
		{"", "", "old-cert.pem"},
		{"old-cert.pem", "somebody's", "old-cert-" + host + ".pem"},
		{"mine.crt", string(want), ""},
	} {
		dir := t.TempDir()
		if tc.have != "" {
			if err := os.WriteFile(filepath.Join(dir, tc.have), []byte(tc.content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		code, out, errs := initIn(t, dir, nil, nil, "--endpoint", address)
		if code != 0 {
			t.Fatalf("exit code %d\n%s%s", code, out, errs)
		}
		old := load(t, filepath.Join(dir, "amirotate.yaml")).Certificate.Old
		name := tc.wrote
		if name == "" {
			name = tc.have
		}
		if diff := cmp.Diff([]string{filepath.Join(dir, name)}, old); diff != "" {
			t.Error(diff)
		}
		if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s holds %q: %v", name, got, err)
		}
	}
	if code, _, _ := initIn(t, t.TempDir(), nil, nil, "--endpoint", "127.0.0.1:1"); code != 2 {
		t.Errorf("exit code %d for a server that isn't there, want 2", code)
	}
}

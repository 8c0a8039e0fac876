package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/amirotate/amirotate/internal/cli"
	"github.com/amirotate/amirotate/internal/farmtest"
)

var certStart = time.Date(2026, 11, 22, 11, 42, 21, 0, time.UTC)

const certDay = 24 * time.Hour

// certBench runs cert commands in a folder of its own, at a time of the test's
// choice.
type certBench struct {
	*testing.T
	dir string
	env map[string]string
	now time.Time
}

// newCertBench writes amirotate.yaml into a new folder.
func newCertBench(t *testing.T, config string) *certBench {
	t.Helper()
	b := &certBench{T: t, dir: t.TempDir(), env: map[string]string{}, now: certStart}
	b.write("amirotate.yaml", config)
	return b
}

// onFarm has it speak to a farm's AWS.
func (b *certBench) onFarm(f *farmtest.Farm) *certBench {
	b.env = f.Sandbox.Environment()
	return b
}

func (b *certBench) write(name, content string) {
	b.Helper()
	if err := os.WriteFile(filepath.Join(b.dir, name), []byte(content), 0o600); err != nil {
		b.Fatal(err)
	}
}

func (b *certBench) read(name string) string {
	b.Helper()
	data, err := os.ReadFile(filepath.Join(b.dir, name))
	if err != nil {
		b.Fatal(err)
	}
	return string(data)
}

func (b *certBench) names() []string {
	b.Helper()
	entries, err := os.ReadDir(b.dir)
	if err != nil {
		b.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func (b *certBench) run(args ...string) farmtest.Result {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	var out, errs bytes.Buffer
	p := &cli.Process{Dir: b.dir, Getenv: func(name string) string { return b.env[name] }, Stdin: bytes.NewReader(nil),
		Stdout: &out, Stderr: &errs, Now: func() time.Time { return b.now }}
	code := cli.Run(ctx, p, append([]string{"cert"}, args...))
	return farmtest.Result{Code: code, Stdout: out.String(), Stderr: errs.String()}
}

func (b *certBench) must(code int, args ...string) farmtest.Result {
	b.Helper()
	r := b.run(args...)
	if r.Code != code {
		b.Fatalf("cert %v: exit code %d, want %d\n%s%s", args, r.Code, code, r.Stdout, r.Stderr)
	}
	return r
}

// ensured is what ensure --json prints.
type ensured struct {
	Store    string
	Changed  bool
	Decision struct {
		Action        string
		Make, Reasons []string
	}
	Notes        []string
	Certificates []struct {
		Source, Subject string
		NotAfter        time.Time `json:"not_after"`
		KeyMatches      *bool     `json:"key_matches"`
	}
}

func (b *certBench) ensure() ensured {
	b.Helper()
	var e ensured
	b.decode(b.must(0, "ensure", "--json"), &e)
	return e
}

func (b *certBench) decode(r farmtest.Result, into any) {
	b.Helper()
	if err := json.Unmarshal([]byte(r.Stdout), into); err != nil {
		b.Fatalf("cannot decode: %v\n%s", err, r.Stdout)
	}
}

// checked is what check --json prints.
type checked struct {
	Due          bool
	Certificates []struct {
		Source, State, Reason, Name string
		SourceKind                  string     `json:"source_kind"`
		NotAfter                    *time.Time `json:"not_after"`
		DaysLeft                    *int       `json:"days_left"`
	}
	Errors []string
}

func (b *certBench) check(code int) checked {
	b.Helper()
	var c checked
	b.decode(b.must(code, "check", "--json"), &c)
	return c
}

func (c checked) states() map[string]string {
	states := map[string]string{}
	for _, r := range c.Certificates {
		states[filepath.Base(r.Source)] = r.State
	}
	return states
}

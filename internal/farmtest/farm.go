// Package farmtest gives tests a farm of their own: a sandbox in the process,
// and the whole program to run on it, over real HTTP, SSH and WinRM. It is for
// tests alone.
package farmtest

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/amirotate/amirotate/internal/cli"
	"github.com/amirotate/amirotate/internal/sandbox"
)

// Farm is a running sandbox.
type Farm struct {
	T       testing.TB
	Dir     string
	Sandbox *sandbox.Sandbox
	// Now is the time that the program goes by; nil for the computer's own.
	Now func() time.Time
}

// Start serves a scenario, "" for the default one, until the test ends. Paths
// in it are relative to a new folder, into which files are written first.
func Start(t testing.TB, scenario string, files map[string]string) *Farm {
	t.Helper()
	return StartWith(t, scenario, files, func(*sandbox.Options) {})
}

// StartWith is Start with other options.
func StartWith(t testing.TB, scenario string, files map[string]string, change func(*sandbox.Options)) *Farm {
	t.Helper()
	o := sandbox.Options{Dir: filepath.Join(t.TempDir(), "farm"), Listen: "127.0.0.1:0"}
	if scenario != "" {
		src := t.TempDir()
		scenario, files, err := withPairs(scenario, files)
		if err != nil {
			t.Fatalf("cannot make certificates: %v", err)
		}
		for name, content := range files {
			write(t, filepath.Join(src, name), content)
		}
		o.Scenario = filepath.Join(src, "scenario.yaml")
		write(t, o.Scenario, scenario)
	}
	change(&o)
	s, err := sandbox.Start(context.Background(), o)
	if err != nil {
		t.Fatalf("cannot start the sandbox: %v", err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("cannot end the sandbox: %v", err)
		}
	})
	return &Farm{T: t, Dir: o.Dir, Sandbox: s}
}

func write(t testing.TB, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// Result is what a command did.
type Result struct {
	Code   int
	Stdout string
	Stderr string
}

// limit bounds one command of a test, in real time.
const limit = 2 * time.Minute

// Run runs the program in this process, with the farm's configuration.
func (f *Farm) Run(args ...string) Result {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	return f.RunContext(ctx, args...)
}

// RunContext is Run until ctx ends.
func (f *Farm) RunContext(ctx context.Context, args ...string) Result {
	return f.RunBare(ctx, append([]string{"--config", f.Sandbox.Ready().Config}, args...)...)
}

// RunBare runs the program in this process with no arguments but these.
func (f *Farm) RunBare(ctx context.Context, args ...string) Result {
	return f.RunWatched(ctx, io.Discard, args...)
}

// RunWatched is RunBare that also writes what is printed to stdout, as it is
// printed, to watcher.
func (f *Farm) RunWatched(ctx context.Context, watcher io.Writer, args ...string) Result {
	env := f.Sandbox.Environment()
	now := f.Now
	if now == nil {
		now = time.Now
	}
	env["XDG_STATE_HOME"] = filepath.Join(f.Dir, "state")
	var out, errs bytes.Buffer
	p := &cli.Process{
		Dir:    f.Dir,
		Getenv: func(name string) string { return env[name] },
		Stdin:  bytes.NewReader(nil),
		Stdout: io.MultiWriter(&out, watcher), Stderr: &errs,
		Now: now,
	}
	code := cli.Run(ctx, p, args)
	return Result{Code: code, Stdout: out.String(), Stderr: errs.String()}
}

// MustRun fails the test unless the command exits with this code.
func (f *Farm) MustRun(code int, args ...string) Result {
	f.T.Helper()
	r := f.Run(args...)
	if r.Code != code {
		f.T.Fatalf("amirotate %v: exit code %d, want %d\n%s%s", args, r.Code, code, r.Stdout, r.Stderr)
	}
	return r
}

// JSON decodes what a command printed.
func (r Result) JSON(t testing.TB, into any) {
	t.Helper()
	if err := json.Unmarshal([]byte(r.Stdout), into); err != nil {
		t.Fatalf("cannot decode: %v\n%s", err, r.Stdout)
	}
}

// Call is a line of the sandbox's api.jsonl.
type Call struct {
	T      float64        `json:"t"`
	Action string         `json:"action"`
	DryRun bool           `json:"dry_run"`
	Status int            `json:"status"`
	Error  string         `json:"error"`
	Agent  string         `json:"agent"`
	Region string         `json:"region"`
	Params map[string]any `json:"params"`
}

// Calls are the EC2 calls so far.
func (f *Farm) Calls() []Call {
	f.T.Helper()
	data := f.Read("api.jsonl")
	var calls []Call
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var c Call
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			f.T.Fatalf("api.jsonl: %v: %s", err, lines.Bytes())
		}
		calls = append(calls, c)
	}
	return calls
}

// CallsOf counts the calls of an action that were carried out.
func (f *Farm) CallsOf(action string) int {
	n := 0
	for _, c := range f.Calls() {
		if c.Action == action && !c.DryRun && c.Status == 200 {
			n++
		}
	}
	return n
}

// Read reads a file of the farm's folder.
func (f *Farm) Read(name string) []byte {
	f.T.Helper()
	data, err := os.ReadFile(filepath.Join(f.Dir, name))
	if err != nil {
		f.T.Fatal(err)
	}
	return data
}

// Write replaces a file of the farm's folder.
func (f *Farm) Write(name, content string) {
	f.T.Helper()
	write(f.T, filepath.Join(f.Dir, name), content)
}

// ImageFile reads a file of an image; path is relative to its root.
func (f *Farm) ImageFile(image, path string) []byte {
	f.T.Helper()
	return f.Read(filepath.Join("images", image, "root", path))
}

// Tree lists the files below an image's root.
func (f *Farm) Tree(image string) []string {
	f.T.Helper()
	root := filepath.Join(f.Dir, "images", image, "root")
	var files []string
	err := filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		files = append(files, rel)
		return err
	})
	if err != nil {
		f.T.Fatal(err)
	}
	return files
}

// Folders lists the names in a folder of the farm, such as "instances".
func (f *Farm) Folders(name string) []string {
	f.T.Helper()
	entries, err := os.ReadDir(filepath.Join(f.Dir, name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		f.T.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

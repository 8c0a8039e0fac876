package testenv_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/amirotate/amirotate/internal/testenv"
)

// recorder is a test that tells how it ended.
type recorder struct {
	testing.TB
	ended string
}

func (*recorder) Helper() {}

func (r *recorder) Fatalf(string, ...any) { r.end("failed") }

func (r *recorder) Skip(...any) { r.end("skipped") }

func (r *recorder) end(how string) {
	r.ended = how
	runtime.Goexit()
}

// ends runs a test and returns how it ended, "" if it went on to its end.
func ends(test func(t testing.TB)) string {
	r := &recorder{}
	done := make(chan struct{})
	go func() {
		defer close(done)
		test(r)
	}()
	<-done
	return r.ended
}

func TestWhatIsMissing(t *testing.T) {
	needs := map[string]func(t testing.TB){
		"a program":       func(t testing.TB) { testenv.Program(t, "no-such-program") },
		"a path":          func(t testing.TB) { testenv.Program(t, "/usr/bin/no-such-program") },
		"a Python module": func(t testing.TB) { testenv.PythonModule(t, "no_such_module") },
		"a file":          func(t testing.TB) { testenv.File(t, "/no/such/file") },
		"a small disk":    func(t testing.TB) { testenv.Tmpfs(t, "no-such-option") },
	}
	for ci, want := range map[string]string{"": "skipped", "true": "failed"} {
		t.Setenv("CI", ci)
		for name, need := range needs {
			if got := ends(func(tb testing.TB) { need(&inFolder{tb, t}) }); got != want {
				t.Errorf("CI=%q: without %s the test is %q, want %q", ci, name, got, want)
			}
		}
	}
}

// inFolder is a test that may ask for a folder.
type inFolder struct {
	testing.TB
	of *testing.T
}

func (f *inFolder) TempDir() string { return f.of.TempDir() }

func TestWhatIsThere(t *testing.T) {
	t.Setenv("CI", "true")
	t.Setenv("PATH", "/usr/bin:/bin")
	for name, want := range map[string]string{"sshd": "/usr/sbin/sshd", "/bin/sh": "/bin/sh"} {
		if got := testenv.Program(t, name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	testenv.File(t, "testenv.go")
}

// TestInstalled: what tests ask for by name, test.sh installs.
func TestInstalled(t *testing.T) {
	script, err := os.ReadFile("../../test.sh")
	if err != nil {
		t.Fatal(err)
	}
	asked := regexp.MustCompile(`testenv\.(?:Program|PythonModule)\([\w.]+, "(?:/usr/bin/)?([\w-]+)"\)`)
	found := 0
	err = filepath.WalkDir("..", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") || filepath.Dir(path) == "../testenv" {
			return err
		}
		text, err := os.ReadFile(path)
		for _, m := range asked.FindAllSubmatch(text, -1) {
			found++
			if !regexp.MustCompile(`(?m)\b` + string(m[1]) + `\b`).Match(script) {
				t.Errorf("%s asks for %s, which test.sh does not install", path, m[1])
			}
		}
		return err
	})
	if err != nil || found < 20 {
		t.Fatalf("%d programs are asked for: %v", found, err)
	}
}

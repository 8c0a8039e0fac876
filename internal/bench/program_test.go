package bench

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/amirotate/amirotate/internal/farmtest"
)

// buildProgram builds amirotate and returns its path.
func buildProgram(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "amirotate")
	cmd := exec.Command("go", "build", "-o", path, "github.com/amirotate/amirotate/cmd/amirotate")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("cannot build: %v\n%s", err, out)
	}
	return path
}

// process runs the program as a process of its own.
func process(program string) runner {
	return func(ctx context.Context, f *farmtest.Farm, o *outcome) string {
		cmd := exec.CommandContext(ctx, program, "--config", f.Sandbox.Ready().Config, "--json", "rotate")
		cmd.Dir, cmd.Env = f.Dir, environment(f)
		var out, errs bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &errs
		if err := cmd.Run(); err != nil {
			f.T.Fatalf("%v\n%s\n%s", err, tail(out.String()), errs.String())
		}
		usage := cmd.ProcessState.SysUsage().(*syscall.Rusage)
		o.memory = usage.Maxrss << 10
		o.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
		return out.String()
	}
}

func environment(f *farmtest.Farm) []string {
	env := []string{"PATH=" + os.Getenv("PATH"), "HOME=" + f.Dir}
	for name, value := range f.Sandbox.Environment() {
		env = append(env, name+"="+value)
	}
	return env
}

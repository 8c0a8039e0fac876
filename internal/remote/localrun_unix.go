//go:build unix

package remote

import (
	"context"
	"os/exec"
	"syscall"

	"github.com/amirotate/amirotate/internal/command"
)

func runLocal(ctx context.Context, c command.Command) (command.Output, error) {
	return runProgram(ctx, posixRun(c.Run, ""), "/bin/sh", "-s")
}

// leadGroup lets a command lead a process group of its own, which is asked to
// end as a whole.
func leadGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
}

// killGroup ends what did not heed.
func killGroup(cmd *exec.Cmd) {
	if cmd.Process != nil {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	}
}

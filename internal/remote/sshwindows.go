package remote

import (
	"context"
	"time"

	"github.com/amirotate/amirotate/internal/remote/winrm"
)

// WindowsSSHHost is a Windows computer behind an SSH connection, with cmd.exe or
// PowerShell as its login shell. It runs the same scripts as over WinRM, each
// sent on the standard input of a powershell.exe of its own.
type WindowsSSHHost struct {
	*winrm.Files
	ssh *SSHHost
}

func newWindowsSSHHost(host *SSHHost) *WindowsSSHHost {
	h := &WindowsSSHHost{ssh: host}
	h.Files = winrm.NewFiles(host.name, h.script)
	return h
}

// Close ends the connection.
func (h *WindowsSSHHost) Close() error { return h.ssh.Close() }

// script runs a script to its end, within the limit, if that is not 0, or the
// one for commands. PowerShell says nothing before that, and may take long to
// start: only this bounds it.
func (h *WindowsSSHHost) script(ctx context.Context, script, text string, limit time.Duration) (*winrm.Output, error) {
	if limit == 0 {
		limit = h.ssh.limit
	}
	ctx, cancel := bounded(ctx, limit)
	defer cancel()
	line, input := winrm.SSHCommand(script, text)
	out, err := h.ssh.run(ctx, request{command: line, stdin: input})
	if err != nil {
		return nil, err
	}
	return &winrm.Output{Stdout: out.Stdout, Stderr: out.Stderr, ExitCode: out.Status}, nil
}

package remote

import (
	"context"

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

// script runs a script to its end. PowerShell says nothing before that, and may
// take long to start: only the limit for a command bounds it.
func (h *WindowsSSHHost) script(ctx context.Context, script, request string) (*winrm.Output, error) {
	ctx, cancel := h.ssh.limited(ctx)
	defer cancel()
	line, input := winrm.SSHCommand(script, request)
	out, err := h.ssh.run(ctx, line, input, 0)
	if err != nil {
		return nil, err
	}
	return &winrm.Output{Stdout: out.Stdout, Stderr: out.Stderr, ExitCode: out.Status}, nil
}

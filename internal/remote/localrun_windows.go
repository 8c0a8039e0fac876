package remote

import (
	"context"
	"os/exec"
	"strings"
	"time"

	"github.com/amirotate/amirotate/internal/command"
	"github.com/amirotate/amirotate/internal/remote/winrm"
)

func runLocal(ctx context.Context, c command.Command) (command.Output, error) {
	files := winrm.NewFiles("this computer", func(ctx context.Context, script, request string, _ time.Duration) (*winrm.Output, error) {
		line, input := winrm.SSHCommand(script, request)
		words := strings.Fields(line)
		out, err := runProgram(ctx, string(input), words[0], words[1:]...)
		return &winrm.Output{Stdout: []byte(out.Text), ExitCode: out.Status}, err
	})
	return files.Run(ctx, c)
}

// leadGroup and killGroup have nothing to do: the script ends what it started.
func leadGroup(*exec.Cmd) {}
func killGroup(*exec.Cmd) {}

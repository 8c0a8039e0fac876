package winrm

import (
	"context"
	"time"

	"github.com/amirotate/amirotate/internal/command"
	"github.com/amirotate/amirotate/internal/remote/scripts"
)

// runRequest is what run.ps1 takes.
type runRequest struct {
	Command string `json:"command"`
	Timeout int    `json:"timeout"` // seconds, 0 for none
}

// Around a command, PowerShell starts twice and answers.
const (
	runSlack = 30 * time.Second
	runMost  = 24 * time.Hour // for a command without a time-out
)

// Run runs a command with PowerShell. An exit code other than 0 is not an error.
// When the command's time is over it is killed; the error then comes with what
// it printed until then. When ctx ends it may go on.
func (f *Files) Run(ctx context.Context, c command.Command) (command.Output, error) {
	seconds := int((c.Timeout + time.Second - 1) / time.Second)
	limit := time.Duration(seconds)*time.Second + runSlack
	if seconds == 0 {
		limit = runMost
	}
	out := command.Output{Status: -1}
	r, err := f.ask(ctx, scripts.WindowsRun, runRequest{Command: c.Run, Timeout: seconds}, limit)
	if err == nil {
		out, err = r.output(c.Timeout)
	}
	return out, dress("run a command on", f.name, err)
}

// output is what run.ps1 says of the command.
func (r *result) output(timeout time.Duration) (command.Output, error) {
	out := command.Output{Text: r.Text, Dropped: r.Dropped, Status: -1}
	if excess := len(out.Text) - command.MaxOutput; excess > 0 { // the script counts characters
		out.Text, out.Dropped = out.Text[excess:], out.Dropped+int64(excess)
	}
	switch r.Outcome {
	case "ended":
		out.Status = r.ExitCode
		return out, nil
	case "timeout":
		return out, kindf(Unavailable, "it has not ended within %v", timeout)
	}
	return out, kindf(Failed, "%s", r.Problem)
}

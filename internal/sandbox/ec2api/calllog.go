package ec2api

import (
	"encoding/json"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/amirotate/amirotate/internal/sandbox/clock"
)

// callLog writes a JSON line for each call.
type callLog struct {
	clock *clock.Clock
	mu    sync.Mutex
	to    io.Writer
}

func newCallLog(to io.Writer, c *clock.Clock) *callLog { return &callLog{clock: c, to: to} }

// logLine is a call as the log shows it.
type logLine struct {
	T      float64           `json:"t"` // simulated seconds since the start
	Action string            `json:"action"`
	DryRun bool              `json:"dry_run"`
	Status int               `json:"status"` // HTTP status, 0 if the connection was cut
	Error  string            `json:"error"`
	Fault  string            `json:"fault,omitempty"` // the scenario's deed, if one struck
	Agent  string            `json:"agent"`
	Region string            `json:"region"`
	Params map[string]string `json:"params"`
}

func (l *callLog) add(c *call, began time.Duration, deed, agent string, err error) {
	if l.to == nil {
		return
	}
	line := logLine{
		T: began.Seconds(), Action: c.action, DryRun: strings.EqualFold(c.params.Get("DryRun"), "true"), Status: 200,
		Fault: deed, Agent: agent, Region: c.state.Region, Params: map[string]string{},
	}
	if err != nil {
		e := refusal(err)
		if line.Status, line.Error = e.Status, e.Code; line.Status == 0 {
			line.Status = 400
		}
	}
	if isCut(deed) {
		line.Status, line.Error = 0, deed
	}
	for key, values := range c.params {
		if key != "Action" && key != "Version" {
			line.Params[key] = values[0]
		}
	}
	text, err := json.Marshal(line)
	if err != nil {
		return // a struct of plain values cannot fail
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.to.Write(append(text, '\n')) // a full disk must not stop the sandbox
}

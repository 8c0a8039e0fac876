package ssmapi

import (
	"encoding/json"
	"fmt"
	"time"
)

// logLine is a call as the log shows it, beside those of EC2.
type logLine struct {
	T      float64           `json:"t"` // simulated seconds since the start
	Action string            `json:"action"`
	DryRun bool              `json:"dry_run"` // always false: Systems Manager has none
	Status int               `json:"status"`  // HTTP status, 0 if the connection was cut
	Error  string            `json:"error"`
	Fault  string            `json:"fault,omitempty"` // the scenario's deed, if one struck
	Agent  string            `json:"agent"`
	Params map[string]string `json:"params"`
}

func (s *Server) log(name string, began time.Duration, deed, agent string, body []byte, err error) {
	if s.opts.Log == nil {
		return
	}
	line := logLine{T: began.Seconds(), Action: name, Status: 200, Fault: deed, Agent: agent, Params: shown(body)}
	if err != nil {
		e := asError(err)
		line.Status, line.Error = e.status, e.code
	}
	if isCut(deed) {
		line.Status, line.Error = 0, deed
	}
	text, err := json.Marshal(line)
	if err != nil {
		return // a struct of plain values cannot fail
	}
	_, _ = s.opts.Log.Write(append(text, '\n')) // a full disk must not stop the sandbox
}

// shown are a request's members as text, values of parameters left out.
func shown(body []byte) map[string]string {
	var members map[string]any
	if json.Unmarshal(body, &members) != nil {
		return map[string]string{}
	}
	texts := map[string]string{}
	for key, value := range members {
		texts[key] = fmt.Sprint(value)
		if key == "Value" {
			texts[key] = "***"
		}
	}
	return texts
}

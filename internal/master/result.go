package master

import (
	"strings"

	"github.com/amirotate/amirotate/internal/verify"
)

// What has become of the master.
const (
	StatusUnchanged  = "unchanged"   // it had been switched before, and presents the certificate
	StatusSwitched   = "switched"    // certificate and key were put in place by this run
	StatusRestarted  = "restarted"   // they were in place; the commands were run
	StatusRolledBack = "rolled-back" // the old pair is back
	StatusFailed     = "failed"
)

// Result is what a switch has done.
type Result struct {
	Address     string          `json:"address"`
	Status      string          `json:"status"`
	Certificate FileResult      `json:"certificate"`
	Key         *KeyResult      `json:"key,omitempty"`
	Backup      string          `json:"backup,omitempty"` // the time in the names of the copies
	Commands    []CommandResult `json:"commands"`
	Presented   string          `json:"presented,omitempty"` // SHA-256 fingerprint of what the port presented last
	Error       string          `json:"error,omitempty"`
}

// FileResult is what the certificate's file held before and after; after is ""
// if this run did not look again.
type FileResult struct {
	Path   string         `json:"path"`
	Before verify.Digests `json:"before"`
	After  verify.Digests `json:"after"`
}

// KeyResult tells nothing of the key itself.
type KeyResult struct {
	Path     string `json:"path"`
	Replaced bool   `json:"replaced"`
}

// CommandResult is a command that was run.
type CommandResult struct {
	Run       string `json:"run"`
	Status    int    `json:"status"` // exit status; -1 if it did not end by itself
	ElapsedMS int64  `json:"elapsed_ms"`
	Output    string `json:"output"` // the last 64 KiB
	Dropped   int64  `json:"dropped,omitempty"`
	Error     string `json:"error,omitempty"`
}

// Error is a switch, or its way back, that failed.
type Error struct {
	Err       error
	Untouched bool     // nothing on the master has changed
	Back      bool     // it was the way back
	Undo      []string // what takes everything back by hand, a deed each
}

func (e *Error) Error() string { return e.Err.Error() }
func (e *Error) Unwrap() error { return e.Err }

// Hint says how to go on and how to go back.
func (e *Error) Hint() string {
	text := "mend the cause and run the same command again: it goes on from here"
	if e.Untouched {
		text = "nothing on the master has changed; " + text
	}
	if e.Back {
		return text
	}
	if len(e.Undo) == 0 {
		return text
	}
	return text + "\nor go back with: amirotate rollback. By hand that is: " + strings.Join(e.Undo, "; ")
}

func (s *Switch) newResult(seen *sight) *Result {
	r := &Result{Address: s.Address, Commands: []CommandResult{}, Certificate: FileResult{Path: s.Certificate}}
	if s.Key != "" {
		r.Key = &KeyResult{Path: s.Key}
	}
	if seen != nil {
		r.Certificate.Before = seen.certificate.Digests
	}
	return r
}

// timed reports a step's end with its time.
func (s *Switch) timed(step Step) func(status Status, detail string) {
	started := s.Now()
	return func(status Status, detail string) { s.Report(step, status, s.Now().Sub(started), detail) }
}

// mask hides what a command prints of a private key.
func (s *Switch) mask(text string, keys ...[]byte) string {
	const least = 16 // characters of a line that could give something away
	for _, key := range keys {
		for line := range strings.Lines(string(key)) {
			line = strings.TrimSpace(line)
			if len(line) >= least && !strings.HasPrefix(line, "-----") {
				text = strings.ReplaceAll(text, line, "(private key)")
			}
		}
	}
	return text
}

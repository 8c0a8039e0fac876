package ui

import (
	"encoding/json"
	"io"
	"sync"
	"time"

	"github.com/amirotate/amirotate/internal/master"
	"github.com/amirotate/amirotate/internal/rotate"
)

// JSON writes events one a line. It may be used by several goroutines.
type JSON struct {
	mu  sync.Mutex
	enc *json.Encoder
}

// NewJSON returns a JSON that writes to w.
func NewJSON(w io.Writer) *JSON {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return &JSON{enc: enc}
}

// Report writes an event. A pipe that nobody reads any more is no reason to
// leave a rotation half done, so write errors are not reported.
func (j *JSON) Report(e rotate.Event) {
	j.mu.Lock()
	defer j.mu.Unlock()
	_ = j.enc.Encode(e)
}

// Summary is the last line of a run.
type Summary struct {
	Time          time.Time        `json:"time"`
	Event         string           `json:"event"` // always "summary"
	Images        []SummaryImage   `json:"images"`
	ListRewritten bool             `json:"list_rewritten"`
	Master        *master.Result   `json:"master,omitempty"`
	Overlap       *rotate.Progress `json:"overlap,omitempty"` // how far it has come
	ExitCode      int              `json:"exit_code"`
	Error         string           `json:"error,omitempty"`
	Left          []string         `json:"left,omitempty"` // what the next run goes on with
	Static        []SummaryStatic  `json:"static"`
}

// SummaryImage is what has become of one source image.
type SummaryImage struct {
	Source      string        `json:"source"`
	Region      string        `json:"region,omitempty"`
	Replacement string        `json:"replacement"`
	Status      string        `json:"status"`
	Error       string        `json:"error,omitempty"`
	Files       []SummaryFile `json:"files,omitempty"`
	// Commands are those that refresh has run on the builder.
	Commands []SummaryCommand `json:"commands,omitempty"`

	// LookAlikes are files that hold an old certificate and were left alone.
	LookAlikes []rotate.LookAlike `json:"look_alikes,omitempty"`
}

// SummaryCommand tells what became of a command.
type SummaryCommand struct {
	Run       string `json:"run"`
	Status    int    `json:"status"` // -1 if it was cut off
	ElapsedMS int64  `json:"elapsed_ms"`
	Output    string `json:"output"` // its last words
}

// SummaryFile tells the MD5 of a file at each look; "" if this run did not look.
type SummaryFile struct {
	Path   string `json:"path"`
	Before string `json:"before"`
	After  string `json:"after"`
	Proven string `json:"proven"`
}

// NewSummary sums a result up; nil is that of a run that was not started.
func NewSummary(at time.Time, r *rotate.Result, exitCode int, err error) Summary {
	if r == nil {
		r = &rotate.Result{}
	}
	s := Summary{Time: at, Event: "summary", Images: []SummaryImage{}, Static: summarizeStatic(r.Static), ListRewritten: r.ListRewritten, Master: r.Master, Overlap: r.Overlap, ExitCode: exitCode, Left: r.Left}
	if err != nil {
		s.Error = err.Error()
	}
	for _, img := range r.Images {
		out := SummaryImage{Source: img.Source, Region: img.Region, Replacement: img.Replacement, Status: statusOf(img), LookAlikes: img.LookAlikes}
		if img.Err != nil {
			out.Error = img.Err.Error()
		}
		for _, f := range img.Files {
			out.Files = append(out.Files, SummaryFile{Path: f.Path, Before: f.Before.MD5, After: f.After.MD5, Proven: f.Proven.MD5})
		}
		for _, c := range img.Commands {
			out.Commands = append(out.Commands, SummaryCommand{Run: c.Run, Status: c.Status, ElapsedMS: c.Elapsed.Milliseconds(), Output: c.Output})
		}
		s.Images = append(s.Images, out)
	}
	return s
}

// statusNotStarted is the status of an image that a run never came to.
const statusNotStarted = "not-started"

func statusOf(img rotate.ImageResult) string {
	if img.Status == "" {
		return statusNotStarted
	}
	return img.Status
}

// Write writes any value as one line.
func (j *JSON) Write(v any) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.enc.Encode(v)
}

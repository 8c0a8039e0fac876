package runlog

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// Run is what a log holds. What it breaks off before is nil.
type Run struct {
	Name      string // of the file, without its ending; "" if it was not kept
	Header    Header
	Plan      *Plan
	Steps     []Step
	Truncated bool // steps were left out
	Usage     *Usage
	Result    *Result
	Summary   *Summary
}

// Ended tells whether the run came to its end, well or not, rather than being
// killed.
func (r *Run) Ended() bool { return r.Summary != nil }

// Open reads the log at a path.
func Open(path string) (*Run, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("cannot read the event log: %w", err)
	}
	defer f.Close()
	run, err := Parse(f)
	if err != nil {
		return nil, fmt.Errorf("cannot read the event log %s: %w", path, err)
	}
	run.Name = stem(path)
	return run, nil
}

// stem is a log's name without its ending.
func stem(path string) string { return strings.TrimSuffix(filepath.Base(path), suffix) }

// Parse reads a log. A last line that is cut off, as that of a run that was
// killed may be, is passed over.
func Parse(r io.Reader) (*Run, error) {
	run := &Run{}
	lines := bufio.NewReader(io.LimitReader(r, 4*MaxSize))
	for n := 1; ; n++ {
		line, err := lines.ReadBytes('\n')
		if err == io.EOF {
			if n == 1 {
				return nil, fmt.Errorf("it is empty")
			}
			return run, nil
		}
		if err != nil {
			return nil, err
		}
		if err := run.take(line, n); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
	}
}

// take takes in the nth line.
func (r *Run) take(line []byte, n int) error {
	var kind struct {
		Event string `json:"event"`
	}
	if err := json.Unmarshal(line, &kind); err != nil {
		return err
	}
	if (n == 1) != (kind.Event == KindRun) {
		return fmt.Errorf("it is no log of amirotate: the record %q stands there", kind.Event)
	}
	switch kind.Event {
	case KindRun:
		return r.takeHeader(line)
	case KindPlan:
		return into(&r.Plan, line, "plan")
	case KindStep:
		var s Step
		err := json.Unmarshal(line, &s)
		r.Steps = append(r.Steps, s)
		return err
	case KindTruncated:
		r.Truncated = true
	case KindUsage:
		return into(&r.Usage, line, "")
	case KindResult:
		return into(&r.Result, line, "")
	case KindSummary:
		return into(&r.Summary, line, "")
	}
	return nil
}

func (r *Run) takeHeader(line []byte) error {
	if err := json.Unmarshal(line, &r.Header); err != nil {
		return err
	}
	if r.Header.Format > Format {
		return fmt.Errorf("a newer amirotate has written it, in format %d; this one reads up to %d", r.Header.Format, Format)
	}
	return nil
}

// into decodes a line, or a field of it, into a new value.
func into[T any](value **T, line []byte, field string) error {
	*value = new(T)
	if field == "" {
		return json.Unmarshal(line, *value)
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(line, &fields); err != nil {
		return err
	}
	return json.Unmarshal(bytes.TrimSpace(fields[field]), *value)
}

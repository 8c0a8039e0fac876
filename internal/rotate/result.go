package rotate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/amirotate/amirotate/internal/master"
	"github.com/amirotate/amirotate/internal/slavelist"
)

// What has become of an image.
const (
	StatusReplaced    = "replaced"    // its replacement is proven, made by this run or with its help
	StatusReused      = "reused"      // its replacement had been proven before
	StatusUnchanged   = "unchanged"   // it needed none
	StatusBlocked     = "blocked"     // a problem that the plan found stood in the way
	StatusRefused     = "refused"     // a file holds something unexpected, or stunnel reads another; the image is left alone
	StatusFailed      = "failed"      // see Err
	StatusUnreachable = "unreachable" // a static host that did not answer, or not as it should
	StatusInterrupted = "interrupted" // the run was ended before it was done
)

// Result is what a run has done.
type Result struct {
	Images        []ImageResult
	Static        []StaticResult
	ListRewritten bool
	Master        *master.Result   // nil if it was left alone
	Edits         []slavelist.Edit // of ami= values, once the list was to be rewritten
	Diff          string           // of the list, passwords masked
	Overlap       *Progress        // how far it has come once the list was rewritten; nil with strategy cutover, or if nobody looked
	Left          []string         // what is left in EC2 for the next run, in words
}

// ImageResult is what has become of one source image.
type ImageResult struct {
	Source      string
	Region      string
	Replacement string // id, "" if there is none
	Status      string
	Err         error
	Files       []FileResult
	LookAlikes  []LookAlike     // on its builder, left alone
	Commands    []CommandResult // that this run has run on builders, in order
}

// CommandResult is what became of a command.
type CommandResult struct {
	Run     string
	Status  int // exit status; -1 if it was cut off
	Elapsed time.Duration
	Output  string // its last words
}

func newResult(plan *Plan) *Result {
	r := &Result{Static: newStaticResults(plan)}
	for _, p := range plan.Images {
		img := ImageResult{Source: p.Source, Region: p.Region, Replacement: p.Replacement}
		switch p.Action {
		case None:
			img.Status = StatusUnchanged
		case Blocked:
			img.Status = StatusBlocked
		}
		img.Files = newFileResults(p.changes)
		r.Images = append(r.Images, img)
	}
	return r
}

// conclude sets the status by the error that ended the image's rotation.
func (res *ImageResult) conclude(err error, plan *ImagePlan) {
	res.Err = err
	switch {
	case err == nil && plan.Action == Reuse:
		res.Status = StatusReused
	case err == nil:
		res.Status = StatusReplaced
	case isRefusal(err):
		res.Status = StatusRefused
	case errors.Is(err, context.Canceled) || errors.Is(err, ErrInterrupted):
		res.Status = StatusInterrupted
	default:
		res.Status = StatusFailed
	}
}

// ErrInterrupted is the cause of a context that a signal ended.
var ErrInterrupted = errors.New("interrupted")

// BlockedError means that a plan has problems, so that nothing was launched.
type BlockedError struct{ Problems []Problem }

func (e *BlockedError) Error() string {
	messages := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		messages[i] = p.Message
	}
	return "cannot start: " + strings.Join(messages, "; ")
}

// Hint gives each problem's remedy, a line each.
func (e *BlockedError) Hint() string {
	var hints []string
	for _, p := range e.Problems {
		if p.Hint != "" && !slices.Contains(hints, p.Hint) {
			hints = append(hints, p.Hint)
		}
	}
	return strings.Join(hints, "\n")
}

// PartialError means that some images have no proven replacement.
type PartialError struct {
	All     int     // images of the plan
	Done    int     // those that have a proven replacement
	Refused int     // those left alone because of an unexpected file
	Causes  []error // why the others have none, an error an image; it names the image
}

func (e *PartialError) Error() string {
	text := fmt.Sprintf("%d of %d images have no proven replacement", len(e.Causes), e.All)
	if len(e.Causes) == 1 {
		return text + ": " + e.Causes[0].Error()
	}
	for _, cause := range e.Causes {
		text += "\n- " + cause.Error()
	}
	return text
}

// Unwrap returns the causes.
func (e *PartialError) Unwrap() []error { return e.Causes }

// imageError is why an image has no proven replacement, or a static host no new
// files.
type imageError struct {
	image string // or the host's worker
	err   error
}

func (e *imageError) Error() string { return e.image + ": " + e.err.Error() }
func (e *imageError) Unwrap() error { return e.err }

// errBlocked is the cause of an image or static host that a problem of the plan kept out.
var errBlocked = errors.New("a problem that the plan found stands in the way")

package rotate

import (
	"context"
	"fmt"
)

// StaticResult is what has become of one static host.
type StaticResult struct {
	Workers  []string
	Address  string
	Optional bool
	Status   string
	Written  int // files that this run has replaced
	Err      error
	Files    []FileResult // Proven stays "": After is what a second command has read
	// LookAlikes hold an old certificate too, and were left alone.
	LookAlikes []LookAlike
}

func newStaticResults(plan *Plan) []StaticResult {
	var results []StaticResult
	for _, p := range plan.Static {
		res := StaticResult{Workers: p.Workers, Address: p.Address, Optional: p.Optional, Files: newFileResults(p.changes)}
		if p.Action == Blocked {
			res.Status = StatusBlocked
		}
		results = append(results, res)
	}
	return results
}

// holds tells whether the host is known to hold the new files.
func (r *StaticResult) holds() bool { return r.Status == StatusReplaced || r.Status == StatusUnchanged }

// excused tells whether the host does not hold the new files and need not.
func (r *StaticResult) excused() bool { return r.Optional && r.Status == StatusUnreachable }

// StaticError means that some static hosts don't hold the new files. It keeps
// nothing else from being done: the list names images only, and these workers
// can't connect with the old certificate either way.
type StaticError struct {
	All     int     // static hosts of the plan
	Refused int     // those left alone because of an unexpected file
	Through int     // hosts and images of the run that are as they should be
	Causes  []error // why the others aren't, an error a host; it names the worker
}

func (e *StaticError) Error() string {
	text := fmt.Sprintf("%d of %d static hosts have no new certificate", len(e.Causes), e.All)
	if len(e.Causes) == 1 {
		return text + ": " + e.Causes[0].Error()
	}
	for _, cause := range e.Causes {
		text += "\n- " + cause.Error()
	}
	return text
}

// Unwrap returns the causes.
func (e *StaticError) Unwrap() []error { return e.Causes }

// staticOutcome turns the static hosts' results into the run's error. An
// interrupted run's is the images' to tell.
func (r *run) staticOutcome(ctx context.Context, result *Result) error {
	if ctx.Err() != nil {
		return nil
	}
	e := &StaticError{All: len(result.Static)}
	for _, img := range result.Images {
		if img.Status == StatusReplaced || img.Status == StatusReused || img.Status == StatusUnchanged {
			e.Through++
		}
	}
	for i := range result.Static {
		switch res := &result.Static[i]; {
		case res.holds():
			e.Through++
		case res.excused():
		case res.Status == StatusBlocked:
			e.Causes = append(e.Causes, &imageError{res.Workers[0], errBlocked})
		default:
			e.Causes = append(e.Causes, &imageError{res.Workers[0], res.Err})
			if res.Status == StatusRefused {
				e.Refused++
			}
		}
	}
	if len(e.Causes) == 0 {
		return nil
	}
	return e
}

package rotate

import "github.com/amirotate/amirotate/internal/verify"

// FileResult is what one file held before the patch, after it, and on the
// prover. A digest is "" if this run did not see it.
type FileResult struct {
	Path                  string
	Before, After, Proven verify.Digests
}

func newFileResults(changes []verify.Change) []FileResult {
	var results []FileResult
	for _, c := range changes {
		results = append(results, FileResult{Path: c.Path})
	}
	return results
}

func noteBefore(results []FileResult, files []verify.File) {
	for i, f := range files {
		// What an earlier attempt has patched is no longer what was there before.
		if i < len(results) && results[i].Before == (verify.Digests{}) {
			results[i].Before = f.Digests
		}
	}
}

func noteAfter(results []FileResult, files []verify.File) {
	for i, f := range files {
		if i < len(results) {
			results[i].After = f.Digests
		}
	}
}

func noteProven(results []FileResult, files []verify.File) {
	for i, f := range files {
		if i < len(results) {
			results[i].Proven = f.Digests
		}
	}
}

package winrm

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/amirotate/amirotate/internal/remote/scripts"
	"github.com/amirotate/amirotate/internal/verify"
)

// readRequest and the types after it are what the scripts take and print.
type readRequest struct {
	Paths   []string `json:"paths"`
	Content bool     `json:"content"`
}

type replaceRequest struct {
	Changes []requestedChange `json:"changes"`
}

type requestedChange struct {
	Path string           `json:"path"`
	Old  []verify.Digests `json:"old"`
	verify.Digests
	Content []byte `json:"content"`
}

type result struct {
	Outcome string       `json:"outcome"`
	Files   []reportFile `json:"files"`
	Problem string       `json:"problem"`

	// Of run.ps1.
	ExitCode int    `json:"exit_code"`
	Text     string `json:"output"`
	Dropped  int64  `json:"dropped"`
}

type reportFile struct {
	Path    string        `json:"path"`
	Status  verify.Status `json:"status"`
	MD5     string        `json:"md5"` // null under FIPS
	SHA256  string        `json:"sha256"`
	Size    int64         `json:"size"`
	SDDL    string        `json:"sddl"`
	Content []byte        `json:"content"`
	Problem string        `json:"problem"`
}

// Files reads and replaces files, and runs commands, by the scripts of package
// scripts.
type Files struct {
	name string // of the computer, for errors
	run  RunScript
}

// RunScript runs a script with its request, a single line, and returns what it
// printed. It may take as long as the limit, 0 for what is usual.
type RunScript func(ctx context.Context, script, request string, limit time.Duration) (*Output, error)

// NewFiles returns the files of the computer of that name, whatever carries the
// scripts there.
func NewFiles(name string, run RunScript) *Files {
	return &Files{name: name, run: run}
}

// Read reports what stands at each path, in order, with the content of each file
// that is present. A file that cannot be read, or is larger than 1 MiB, is an
// answer, not an error.
func (f *Files) Read(ctx context.Context, paths []string) ([]verify.File, error) {
	if len(paths) == 0 {
		return nil, nil
	}
	files, err := f.read(ctx, paths)
	return files, dress("read files on", f.name, err)
}

func (f *Files) read(ctx context.Context, paths []string) ([]verify.File, error) {
	r, err := f.ask(ctx, scripts.WindowsRead, readRequest{Paths: paths, Content: true}, 0)
	if err != nil {
		return nil, err
	}
	if r.Problem != "" {
		return nil, kindf(Failed, "%s", r.Problem)
	}
	files, err := r.files(paths)
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		if f.Status == verify.Present && verify.Of(f.Content).SHA256 != f.SHA256 {
			return nil, kindf(Damaged, "%s: the content that arrived is not the one that was read", f.Path)
		}
	}
	return files, nil
}

// Replace replaces all the files whose content is an expected old one, or, if
// any of them holds anything but old or new, none of them: then the error is a
// *verify.Refusal. It returns what stood there before, in order. After a
// temporary error it may be called again.
func (f *Files) Replace(ctx context.Context, changes []verify.Change) ([]verify.File, error) {
	if len(changes) == 0 {
		return nil, nil
	}
	files, refusal, err := f.replace(ctx, changes)
	if refusal != nil {
		return files, refusal
	}
	return files, dress("replace files on", f.name, err)
}

func (f *Files) replace(ctx context.Context, changes []verify.Change) ([]verify.File, *verify.Refusal, error) {
	var request replaceRequest
	var paths []string
	for _, c := range changes {
		request.Changes = append(request.Changes, requestedChange{Path: c.Path, Old: c.Old, Digests: verify.Of(c.New), Content: c.New})
		paths = append(paths, c.Path)
	}
	r, err := f.ask(ctx, scripts.WindowsReplace, request, 0)
	if err != nil {
		return nil, nil, err
	}
	switch r.Outcome {
	case "damaged":
		return nil, nil, kindf(Damaged, "%s", r.Problem)
	case "failed":
		return nil, nil, kindf(Failed, "%s", r.Problem)
	}
	files, err := r.files(paths)
	if err != nil {
		return nil, nil, err
	}
	refusal := refusalOf(changes, files)
	switch {
	case r.Outcome == "refused" && refusal != nil:
		return files, refusal, nil
	case r.Outcome != "replaced" || refusal != nil:
		return nil, nil, kindf(Nonsense, "the script's outcome %q does not fit what it saw", r.Outcome)
	case r.Problem != "":
		return nil, nil, kindf(Unavailable, "the files are replaced, but something was left behind: %s", r.Problem)
	}
	return files, nil, nil
}

// refusalOf judges for ourselves what the script saw.
func refusalOf(changes []verify.Change, files []verify.File) *verify.Refusal {
	for i, c := range changes {
		if outcome := c.Judge(files[i]); !outcome.Passes() {
			return &verify.Refusal{Change: c, Seen: files[i], Outcome: outcome}
		}
	}
	return nil
}

// ask runs one of our scripts and reads the result that it printed.
func (f *Files) ask(ctx context.Context, script string, request any, limit time.Duration) (*result, error) {
	text, err := json.Marshal(request)
	if err != nil {
		return nil, err
	}
	output, err := f.run(ctx, scripts.Compact(script), string(text), limit)
	if err != nil {
		return nil, err
	}
	return resultIn(output)
}

// resultIn finds the one line that counts.
func resultIn(output *Output) (*result, error) {
	var found []byte
	for line := range bytes.Lines(output.Stdout) {
		if text, ok := bytes.CutPrefix(bytes.TrimSpace(line), []byte(strings.TrimSpace(scripts.ResultMark))); ok {
			if found != nil {
				return nil, kindf(Nonsense, "the script printed two results")
			}
			found = text
		}
	}
	if found == nil {
		return nil, scriptError(output)
	}
	var r result
	if err := json.Unmarshal(found, &r); err != nil {
		return nil, kindf(Nonsense, "the script's result cannot be read: %w", err)
	}
	return &r, nil
}

// files checks that there is an answer for each path.
func (r *result) files(paths []string) ([]verify.File, error) {
	if len(r.Files) != len(paths) {
		return nil, kindf(Nonsense, "the script reported %d files instead of %d", len(r.Files), len(paths))
	}
	files := make([]verify.File, len(paths))
	for i, f := range r.Files {
		if f.Path != paths[i] {
			return nil, kindf(Nonsense, "the script reported %s instead of %s", f.Path, paths[i])
		}
		files[i] = verify.File{
			Path: f.Path, Status: f.Status, Digests: verify.Digests{MD5: f.MD5, SHA256: f.SHA256},
			Size: f.Size, Owner: f.SDDL, Content: f.Content, Problem: f.Problem,
		}
	}
	return files, nil
}

package winrm

import (
	"context"
	"time"

	"github.com/amirotate/amirotate/internal/remote/scripts"
	"github.com/amirotate/amirotate/internal/verify"
)

// findLimit bounds a search on the computer itself.
const findLimit = 20 * time.Second

// findRequest is what find.ps1 takes.
type findRequest struct {
	Folders []string `json:"folders"`
	Depth   int      `json:"depth"`
	Sizes   []int64  `json:"sizes"`
	Most    int      `json:"most"`
	Seconds int      `json:"seconds"`
}

// Find returns the files that a search finds, as far as the user may see and
// read them, with path and digests. A search that is not done within 20 seconds
// is an error, beside what it has found.
func (f *Files) Find(ctx context.Context, s verify.Search) ([]verify.File, error) {
	if len(s.Folders) == 0 {
		return nil, nil
	}
	files, err := f.find(ctx, s)
	return files, dress("look for files on", f.name, err)
}

func (f *Files) find(ctx context.Context, s verify.Search) ([]verify.File, error) {
	r, err := f.ask(ctx, scripts.WindowsFind, findRequest{s.Folders, s.Depth, append([]int64{}, s.Sizes...), s.Most, int(findLimit.Seconds())}, 0)
	if err != nil {
		return nil, err
	}
	var files []verify.File
	for _, found := range r.Files {
		files = append(files, verify.File{Path: found.Path, Status: found.Status, Size: found.Size,
			Digests: verify.Digests{MD5: found.MD5, SHA256: found.SHA256}})
	}
	if r.Problem != "" {
		return files, kindf(Failed, "%s", r.Problem)
	}
	return files, nil
}

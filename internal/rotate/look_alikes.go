package rotate

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/amirotate/amirotate/internal/verify"
)

// LookAlike is a file that holds an expected old content and was not to be
// replaced. It is left alone.
type LookAlike struct {
	Path string `json:"path"`
	verify.Digests
}

// Bounds of a search for look-alikes.
const (
	lookDepth = 4  // levels, below each folder
	lookMost  = 50 // files of the size of an old one
	lookLimit = 30 * time.Second
)

// lookAlikes looks for them in the folders of the files, in that of stunnel's
// configuration and in those to look in.
func (n Inspection) lookAlikes(ctx context.Context, host Host, changes []verify.Change) ([]LookAlike, error) {
	if len(n.LookIn) == 0 || len(n.Sizes) == 0 {
		return nil, nil
	}
	ctx, cancel := context.WithTimeoutCause(ctx, lookLimit, fmt.Errorf("not done within %v", lookLimit))
	defer cancel()
	found, err := host.Find(ctx, verify.Search{Folders: n.foldersToSearch(changes), Depth: lookDepth, Sizes: n.Sizes, Most: lookMost})
	var alikes []LookAlike
	seen := map[string]bool{}
	for _, f := range found {
		if holdsOld(f, changes) && !n.isAmong(f.Path, changes) && !seen[f.Path] {
			seen[f.Path] = true
			alikes = append(alikes, LookAlike{f.Path, f.Digests})
		}
	}
	return alikes, err
}

func (n Inspection) foldersToSearch(changes []verify.Change) []string {
	var folders []string
	seen := map[string]bool{}
	add := func(folder string) {
		if !seen[folder] {
			seen[folder] = true
			folders = append(folders, folder)
		}
	}
	for _, c := range changes {
		add(n.system().Folder(c.Path))
	}
	if n.StunnelConf != "" {
		add(n.system().Folder(n.StunnelConf))
	}
	for _, folder := range n.LookIn {
		add(folder)
	}
	return folders
}

// tellLookAlikes looks for look-alikes on a host that has been worked on, err
// being how that ended, and reports them. That it could not look is no failure.
func (l *stepLog) tellLookAlikes(ctx context.Context, host Host, n Inspection, changes []verify.Change, err error) []LookAlike {
	if err != nil && !isRefusal(err) {
		return nil
	}
	alikes, lookErr := n.lookAlikes(ctx, host, changes)
	if len(alikes) > 0 {
		var paths []string
		for _, a := range alikes {
			paths = append(paths, fmt.Sprintf("%s (md5 %s)", a.Path, a.MD5))
		}
		l.note("left alone, though it holds an old certificate too: %s", strings.Join(paths, ", "))
	}
	if lookErr != nil && ctx.Err() == nil {
		l.note("other files with an old certificate may be there: %v", lookErr)
	}
	return alikes
}

// isRefusal tells whether a host was left alone because of what stands on it.
func isRefusal(err error) bool {
	var refusal *verify.Refusal
	var stunnel *StunnelError
	return errors.As(err, &refusal) || errors.As(err, &stunnel)
}

package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/gofrs/flock"

	"github.com/amirotate/amirotate/internal/cert"
	"github.com/amirotate/amirotate/internal/cert/keep"
)

// Names in the folder that are the store's own.
const (
	temporaryPrefix = ".amirotate-new-"
	lockFile        = ".amirotate-lock"
)

// stamp is the time in the names of backups, in UTC.
const stamp = "20060102T150405Z"

// Folder is a keep.Store in a folder. Several processes may use it at once.
type Folder struct {
	dir   string
	files map[string]string // item to path, relative to dir or absolute
	names ownNames
	disk  disk
}

var _ keep.Store = (*Folder)(nil)

// NewFolder returns the store in dir of the given items. An item's file is the
// one in files, relative to dir or absolute, else by Docker's names: ca.pem,
// ca-key.pem, cert.pem, key.pem, server-cert.pem … One file may hold a
// certificate and its key. dir is made when there is something to write, the
// folder above it must exist.
func NewFolder(dir string, items []string, files map[string]string) (*Folder, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("cannot use %s: %w", dir, err)
	}
	f := &Folder{dir: abs, files: map[string]string{}, disk: realDisk{}}
	for _, item := range items {
		name := files[item]
		if name == "" {
			name = fileName(item)
		}
		if !filepath.IsAbs(name) {
			name = filepath.Join(abs, name)
		}
		f.files[item] = filepath.Clean(name)
	}
	f.names = namesFor(abs, f.files, files != nil)
	return f, f.checkShared()
}

func fileName(item string) string {
	if item == keep.CACert {
		return "ca.pem"
	}
	return item + ".pem"
}

// checkShared lets a certificate share a file with its key alone.
func (f *Folder) checkShared() error {
	for path, items := range f.byPath() {
		certificates := 0
		for _, item := range items {
			if !keep.IsKey(item) {
				certificates++
			}
		}
		if len(items) > 2 || len(items) == 2 && certificates != 1 {
			return fmt.Errorf("cannot keep %v in one file, %s", items, path)
		}
	}
	return nil
}

// byPath returns the items of each file, the certificate first.
func (f *Folder) byPath() map[string][]string {
	paths := map[string][]string{}
	for item, path := range f.files {
		paths[path] = append(paths[path], item)
	}
	rank := func(item string) int {
		if keep.IsKey(item) {
			return 1
		}
		return 0
	}
	for _, items := range paths {
		slices.SortFunc(items, func(a, b string) int { return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a, b)) })
	}
	return paths
}

// paths returns the files in order.
func (f *Folder) paths() []string {
	return slices.Sorted(maps.Keys(f.byPath()))
}

// Name is the folder's path.
func (f *Folder) Name() string { return f.dir }

// Load reads all files of one generation. What is not there is left out; a file
// that is there and cannot be read is an error.
func (f *Folder) Load(ctx context.Context) (keep.Snapshot, error) {
	const tries = 10 // a replacement between two reads starts over
	for range tries {
		if err := ctx.Err(); err != nil {
			return keep.Snapshot{}, err
		}
		before := f.generation()
		items, err := f.readItems()
		if err != nil {
			return keep.Snapshot{}, err
		}
		if f.generation() == before {
			return keep.Snapshot{Items: items, Version: items.Digest()}, nil
		}
	}
	return keep.Snapshot{}, fmt.Errorf("cannot read %s: it changes all the time", f.dir)
}

// generation returns the folder that is current, "" if it is not there.
func (f *Folder) generation() string {
	target, err := os.Readlink(filepath.Join(f.dir, f.names.current))
	if err != nil {
		return ""
	}
	return target
}

func (f *Folder) readItems() (keep.Items, error) {
	items := keep.Items{}
	for path, names := range f.byPath() {
		data, found, err := readFile(path)
		if err != nil {
			return nil, err
		}
		if !found {
			continue
		}
		for _, name := range names {
			items[name] = data
		}
	}
	return items, nil
}

// readFile tells a file that is certainly absent from one that cannot be read.
func readFile(path string) (data []byte, found bool, err error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, false, nil
	case err != nil:
		return nil, false, fmt.Errorf("cannot read %s: %w", path, err)
	case !info.Mode().IsRegular():
		return nil, false, fmt.Errorf("cannot read %s: it is no regular file", path)
	case info.Size() > cert.MaxSize:
		return nil, false, fmt.Errorf("cannot read %s: it has more than %d bytes", path, cert.MaxSize)
	}
	data, err = os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("cannot read %s: %w", path, err)
	}
	return data, true, nil
}

// Replace implements keep.Store.
func (f *Folder) Replace(ctx context.Context, was keep.Snapshot, items keep.Items, at time.Time) error {
	if err := f.makeDir(); err != nil {
		return err
	}
	lock := flock.New(filepath.Join(f.dir, lockFile), flock.SetPermissions(0o600))
	const retry = 50 * time.Millisecond
	if locked, err := lock.TryLockContext(ctx, retry); err != nil || !locked {
		return fmt.Errorf("cannot lock %s: %w", f.dir, err)
	}
	defer func() { _ = lock.Close() }()
	now, err := f.Load(ctx)
	if err != nil {
		return err
	}
	if now.Version != was.Version {
		return keep.ErrChanged
	}
	r := &replacement{Folder: f, at: at}
	return r.run(now.Items, items)
}

func (f *Folder) makeDir() error {
	err := f.disk.Mkdir(f.dir, 0o755)
	if err == nil {
		return f.disk.SyncDir(filepath.Dir(f.dir))
	}
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	return fmt.Errorf("cannot make %s: %w", f.dir, err)
}

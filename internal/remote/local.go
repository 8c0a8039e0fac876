package remote

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"

	"github.com/amirotate/amirotate/internal/verify"
)

// Local is the disk of the computer that the program runs on. Relative paths are
// taken from the working directory. Writes are atomic and on the disk when they
// are reported: file and folder are synced.
type Local struct{}

// Close does nothing.
func (Local) Close() error { return nil }

// Read reports what stands at each path, in order, with its content.
func (Local) Read(ctx context.Context, paths []string) ([]verify.File, error) {
	files := make([]verify.File, len(paths))
	for i, p := range paths {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("cannot read %s: %w", p, err)
		}
		files[i] = readLocal(p)
	}
	return files, nil
}

// Replace replaces all the files whose content is an expected old one, or, if
// any of them holds anything but old or new, none of them: then the error is a
// *verify.Refusal. It returns what stood there before, in order. Symlinks are
// followed; owner and mode are kept.
func (Local) Replace(ctx context.Context, changes []verify.Change) ([]verify.File, error) {
	return replaceLocal(ctx, changes, "")
}

// ReplaceKeeping is Replace of one file that first writes the bytes that it held
// to a sibling, a file of that name in the same folder as the path, with the
// same mode and owner. The sibling is not touched when nothing is replaced.
func (Local) ReplaceKeeping(ctx context.Context, change verify.Change, sibling string) (verify.File, error) {
	if sibling == "" || sibling != filepath.Base(sibling) {
		return verify.File{}, fmt.Errorf("cannot keep the old bytes of %s as %q: not a file name", change.Path, sibling)
	}
	files, err := replaceLocal(ctx, []verify.Change{change}, sibling)
	if len(files) == 0 {
		return verify.File{}, err
	}
	return files[0], err
}

func readLocal(path string) verify.File {
	f := verify.File{Path: path}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR):
		f.Status = verify.Missing
		return f
	case err != nil:
		return unreadable(f, err)
	case info.IsDir():
		return unreadable(f, errors.New("it is a directory"))
	case !info.Mode().IsRegular():
		return unreadable(f, errors.New("it is not a regular file"))
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return unreadable(f, err)
	}
	f.Status, f.Digests, f.Size, f.Content = verify.Present, verify.Of(b), int64(len(b)), b
	f.Owner = ownerOf(info)
	if runtime.GOOS != "windows" {
		f.Mode = fmt.Sprintf("%04o", unixMode(info.Mode()))
	}
	return f
}

func unreadable(f verify.File, err error) verify.File {
	f.Status, f.Problem = verify.Unreadable, err.Error()
	return f
}

func unixMode(m fs.FileMode) uint32 {
	mode := uint32(m.Perm())
	for bit, octal := range map[fs.FileMode]uint32{fs.ModeSetuid: 0o4000, fs.ModeSetgid: 0o2000, fs.ModeSticky: 0o1000} {
		if m&bit != 0 {
			mode |= octal
		}
	}
	return mode
}

// replaceLocal checks all, stages all, then moves all. A sibling name keeps what
// each file held.
func replaceLocal(ctx context.Context, changes []verify.Change, sibling string) ([]verify.File, error) {
	before := make([]verify.File, len(changes))
	for i, c := range changes {
		before[i] = readLocal(c.Path)
		if o := c.Judge(before[i]); !o.Passes() {
			return before[:i+1], fmt.Errorf("cannot replace a file: %w", &verify.Refusal{Change: c, Seen: before[i], Outcome: o})
		}
	}
	var staged []*pendingFile
	defer func() {
		for _, p := range staged {
			p.discard()
		}
	}()
	for i, c := range changes {
		if err := ctx.Err(); err != nil {
			return before, fmt.Errorf("cannot replace %s: %w", c.Path, err)
		}
		if c.Judge(before[i]) == verify.MatchNew {
			continue
		}
		p, err := stageLocal(c, before[i])
		if err != nil {
			return before, fmt.Errorf("cannot replace %s, which is as it was: %w", c.Path, err)
		}
		staged = append(staged, p)
	}
	for _, p := range staged {
		if err := p.swap(sibling); err != nil {
			return before, err
		}
	}
	return before, nil
}

// pendingFile is a file's new content, written beside it.
type pendingFile struct {
	change verify.Change
	old    []byte
	target string // the file itself, links followed
	file   *stagedFile
}

func stageLocal(c verify.Change, before verify.File) (*pendingFile, error) {
	target, err := filepath.EvalSymlinks(c.Path)
	if err != nil {
		return nil, err
	}
	if target, err = filepath.Abs(target); err != nil {
		return nil, err
	}
	for _, folder := range []string{filepath.Dir(target), filepath.Dir(c.Path)} { // the second holds what keep staged
		sweepLocal(folder, stagedPrefix(target))
	}
	f, err := stage(target, c.New)
	if err != nil {
		return nil, err
	}
	return &pendingFile{change: c, old: before.Content, target: target, file: f}, nil
}

// swap moves the new content into place if the file still holds the old one,
// which it looks at last.
func (p *pendingFile) swap(sibling string) error {
	if sibling != "" {
		if err := p.unchanged(); err != nil {
			return err
		}
		if err := keep(p.target, filepath.Join(filepath.Dir(p.change.Path), sibling), p.old); err != nil {
			return fmt.Errorf("cannot replace %s, which is as it was: %w", p.change.Path, err)
		}
	}
	if err := p.unchanged(); err != nil {
		return err
	}
	if err := p.file.commit(p.target); err != nil {
		return fmt.Errorf("cannot replace %s: %w", p.change.Path, err)
	}
	return syncFolder(filepath.Dir(p.target))
}

func (p *pendingFile) unchanged() error {
	now := readLocal(p.target)
	if now.Status == verify.Present && bytes.Equal(now.Content, p.old) {
		return nil
	}
	return fmt.Errorf("cannot replace %s: somebody else changed it at the same time; it is as they left it: %w",
		p.change.Path, &verify.Refusal{Change: p.change, Seen: now, Outcome: p.change.Judge(now)})
}

func (p *pendingFile) discard() { p.file.discard() }

// keep writes the old bytes to a file of its own, with mode and owner of like.
func keep(like, path string, old []byte) error {
	f, err := stageAs(like, path, old)
	if err == nil {
		defer f.discard()
		err = f.commit(path)
	}
	if err != nil {
		return fmt.Errorf("cannot keep the old bytes as %s: %w", path, err)
	}
	return syncFolder(filepath.Dir(path))
}

// stage writes content beside target, with its mode and owner.
func stage(target string, content []byte) (*stagedFile, error) {
	return stageAs(target, target, content)
}

// stagedPrefix begins the name of every temporary file for a target, and of no
// other: what a dead run staged is known by it, and what a live one stages for
// another file of the same folder is left alone.
func stagedPrefix(target string) string {
	sum := sha256.Sum256([]byte(filepath.Base(target)))
	return ".amirotate-staged-" + hex.EncodeToString(sum[:4]) + "-"
}

// sweepLocal removes what dead runs staged for one target.
func sweepLocal(folder, prefix string) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return
	}
	for _, e := range entries {
		if e.Type().IsRegular() && strings.HasPrefix(e.Name(), prefix) {
			_ = os.Remove(filepath.Join(folder, e.Name()))
		}
	}
}

package store

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/amirotate/amirotate/internal/cert/keep"
)

// replacement is one run of Replace, under the lock.
type replacement struct {
	*Folder
	at time.Time
}

// run takes the steps in an order in which any may be the last: what readers
// see changes in publish's rename alone.
func (r *replacement) run(old, items keep.Items) error {
	if err := r.sweep(); err != nil {
		return err
	}
	if err := r.backup(items); err != nil {
		return err
	}
	if err := r.adopt(old); err != nil {
		return err
	}
	if err := r.publish(items); err != nil {
		return err
	}
	return r.sweep()
}

// sweep removes what a dead run left, and generations that are not current.
// Without a current one it leaves generations alone: one may be the last copy.
func (r *replacement) sweep() error {
	for dir := range r.dirs() {
		entries, err := os.ReadDir(dir)
		if err != nil {
			return fmt.Errorf("cannot tidy %s: %w", dir, err)
		}
		for _, e := range entries {
			if !r.isStale(dir, e.Name()) {
				continue
			}
			if err := r.disk.RemoveAll(filepath.Join(dir, e.Name())); err != nil {
				return fmt.Errorf("cannot tidy %s: %w", dir, err)
			}
		}
	}
	return nil
}

func (r *replacement) isStale(dir, name string) bool {
	if strings.HasPrefix(name, temporaryPrefix) {
		return true
	}
	current := r.generation()
	return dir == r.dir && strings.HasPrefix(name, r.names.generation) && current != "" && name != current
}

// dirs are the folders that the files are in.
func (r *replacement) dirs() map[string]bool {
	dirs := map[string]bool{r.dir: true}
	for _, path := range r.paths() {
		dirs[filepath.Dir(path)] = true
	}
	return dirs
}

// backup copies every file that is to change beside itself, with the time in the
// name.
func (r *replacement) backup(items keep.Items) error {
	for _, path := range r.paths() {
		data, found, err := readFile(path)
		if err != nil {
			return err
		}
		if !found || bytes.Equal(data, r.contents(path, items)) {
			continue
		}
		if err := r.backupFile(path, data); err != nil {
			return fmt.Errorf("cannot back up %s: %w", path, err)
		}
	}
	return nil
}

func (r *replacement) backupFile(path string, data []byte) error {
	base := path + "." + r.at.UTC().Format(stamp)
	name := base
	for n := 2; ; n++ {
		there, found, err := readFile(name)
		if err != nil {
			return err
		}
		if found && bytes.Equal(there, data) {
			return nil
		}
		if !found {
			break
		}
		name = fmt.Sprintf("%s-%d", base, n)
	}
	temporary := filepath.Join(filepath.Dir(path), temporaryPrefix+rand.Text())
	if err := r.disk.Create(temporary, data, r.attributes(path)); err != nil {
		return err
	}
	if err := r.disk.Rename(temporary, name); err != nil {
		return err
	}
	return r.disk.SyncDir(filepath.Dir(path))
}

// attributes keeps mode and owner of what is there. Keys are for their owner
// alone, whatever they were.
func (r *replacement) attributes(path string) attributes {
	a := attributes{mode: 0o644}
	if info, err := os.Stat(path); err == nil {
		a = attributes{mode: info.Mode().Perm(), owner: ownerOf(info)}
	}
	for _, item := range r.byPath()[path] {
		if keep.IsKey(item) {
			a.mode = 0o600
		}
	}
	return a
}

// adopt makes every file a link into the current generation. Readers see the
// same bytes before, between and after its steps.
func (r *replacement) adopt(old keep.Items) error {
	if r.adopted() {
		return nil
	}
	if len(old) > 0 {
		if err := r.point(old, "old"); err != nil {
			return err
		}
	}
	for _, path := range r.paths() {
		if r.isOurs(path) {
			continue
		}
		if err := r.replaceByLink(r.linkTarget(path), path); err != nil {
			return fmt.Errorf("cannot take over %s: %w", path, err)
		}
	}
	return nil
}

func (r *replacement) adopted() bool {
	for _, path := range r.paths() {
		if !r.isOurs(path) {
			return false
		}
	}
	return true
}

func (r *replacement) isOurs(path string) bool {
	target, err := os.Readlink(path)
	return err == nil && target == r.linkTarget(path)
}

// linkTarget is relative for files directly in the folder, so that it may be
// moved as a whole.
func (r *replacement) linkTarget(path string) string {
	if filepath.Dir(path) == r.dir {
		return filepath.Join(r.names.current, r.generationName(path))
	}
	return filepath.Join(r.dir, r.names.current, r.generationName(path))
}

// generationName is a file's name in a generation: its items, without .pem, so
// that searches for *.pem find each certificate once.
func (r *replacement) generationName(path string) string {
	return strings.Join(r.byPath()[path], "+")
}

// publish puts items in place of what is there.
func (r *replacement) publish(items keep.Items) error { return r.point(items, "new") }

// point writes a generation and makes it the current one.
func (r *replacement) point(items keep.Items, what string) error {
	name := r.names.generation + r.at.UTC().Format(stamp) + "-" + what + "-" + rand.Text()[:8]
	dir := filepath.Join(r.dir, name)
	if err := r.disk.Mkdir(dir, 0o755); err != nil {
		return fmt.Errorf("cannot make %s: %w", dir, err)
	}
	for _, path := range r.paths() {
		data := r.contents(path, items)
		if data == nil {
			continue
		}
		file := filepath.Join(dir, r.generationName(path))
		if err := r.disk.Create(file, data, r.attributes(path)); err != nil {
			return fmt.Errorf("cannot write %s: %w", file, err)
		}
	}
	if err := r.disk.SyncDir(dir); err != nil {
		return fmt.Errorf("cannot write %s: %w", dir, err)
	}
	return r.replaceByLink(name, filepath.Join(r.dir, r.names.current))
}

// contents is what a file is to hold; nil for no file.
func (r *replacement) contents(path string, items keep.Items) []byte {
	var data []byte
	for _, item := range r.byPath()[path] {
		if !bytes.Equal(data, items[item]) {
			data = append(data, items[item]...)
		}
	}
	return data
}

// replaceByLink puts a symbolic link where a file, a link or nothing was.
func (r *replacement) replaceByLink(target, path string) error {
	temporary := filepath.Join(filepath.Dir(path), temporaryPrefix+rand.Text())
	if err := r.disk.Symlink(target, temporary); err != nil {
		return err
	}
	if err := r.disk.Rename(temporary, path); err != nil {
		return err
	}
	return r.disk.SyncDir(filepath.Dir(path))
}

package winhost

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path"

	"github.com/amirotate/amirotate/internal/sandbox/machine"
	"github.com/amirotate/amirotate/internal/verify"
)

// errDiskFull is ENOSPC in Windows' words.
var errDiskFull = errors.New("There is not enough space on the disk.")

// wanted is a change as replace.ps1 takes it.
type wanted struct {
	Path string           `json:"path"`
	Old  []verify.Digests `json:"old"`
	verify.Digests
	Content string `json:"content"`
}

// job is a change on its way.
type job struct {
	wanted
	content []byte
	state   state
	staged  string // in the computer's folder; "" when there is none
}

// replaceScript does what replace.ps1 does.
func (c *Computer) replaceScript(request, deed string) printed {
	result := printed{Outcome: "failed", Files: []report{}}
	var asked struct {
		Changes []wanted `json:"changes"`
	}
	if err := json.Unmarshal([]byte(request), &asked); err != nil {
		result.problem("%v", err)
		return result
	}
	jobs, damaged := unpackJobs(asked.Changes, deed == machine.FlipByte)
	if damaged != "" {
		result.Outcome = "damaged"
		result.problem("the new content of %s did not arrive as it was sent", damaged)
		return result
	}
	due, refused := c.examine(jobs)
	for _, j := range jobs {
		result.Files = append(result.Files, j.state.report(false))
	}
	if refused {
		result.Outcome = "refused"
		return result
	}
	if err := c.swap(due, deed == machine.DiskFull); err != nil {
		result.problem("%v", err)
		return result
	}
	result.Outcome = "replaced"
	c.mu.Lock()
	c.replaced = true
	c.mu.Unlock()
	return result
}

// unpackJobs decodes the new contents and checks them; damaged names the path of
// one that is not what was sent.
func unpackJobs(changes []wanted, flip bool) (jobs []*job, damaged string) {
	for i, w := range changes {
		content, err := base64.StdEncoding.DecodeString(w.Content)
		if i == 0 && flip && len(content) > 0 {
			content[len(content)/2] ^= 1
		}
		if err != nil || verify.Of(content).SHA256 != w.SHA256 {
			return nil, w.Path
		}
		jobs = append(jobs, &job{wanted: w, content: content})
	}
	return jobs, ""
}

// examine looks at every file, after what a dead run left beside it is removed.
func (c *Computer) examine(jobs []*job) (due []*job, refused bool) {
	for _, j := range jobs {
		c.repair(j.Path)
		j.state = c.look(j.Path)
		switch j.outcome() {
		case verify.MatchNew:
		case verify.MatchOld:
			due = append(due, j)
		default:
			refused = true
		}
	}
	return due, refused
}

func (j *job) outcome() verify.Outcome {
	change := verify.Change{Path: j.Path, Old: j.Old, New: j.content}
	return change.Judge(verify.File{Path: j.Path, Status: j.state.status, Digests: verify.Of(j.state.bytes)})
}

// ownName is the script's own file beside a file.
func ownName(real, suffix string) string {
	return path.Join(path.Dir(real), ".amirotate-"+path.Base(real)+suffix)
}

// repair puts right what a killed run left.
func (c *Computer) repair(windows string) {
	real, err := c.locate(windows)
	if err != nil {
		return
	}
	_ = c.files.Remove(ownName(real, ".tmp"))
	old := ownName(real, ".old")
	if _, err := c.files.Lstat(real); isMissing(err) {
		_ = c.files.Rename(old, real)
		return
	}
	_ = c.files.Remove(old)
}

// swap stages every new content and then puts all in place, or none.
func (c *Computer) swap(due []*job, full bool) (err error) {
	defer func() {
		for _, j := range due {
			if j.staged != "" {
				_ = c.files.Remove(j.staged)
			}
		}
	}()
	for _, j := range due {
		if err := c.stage(j, full); err != nil {
			return err
		}
	}
	for i, j := range due {
		if err := c.files.Rename(j.staged, j.state.real); err != nil {
			return errors.Join(fmt.Errorf("cannot replace %s: %w", j.Path, err), c.undo(due[:i]))
		}
		j.staged = ""
	}
	return nil
}

// stage writes the new content beside its file, with the file's mode and owner.
func (c *Computer) stage(j *job, full bool) error {
	name := ownName(j.state.real, ".tmp")
	f, err := c.files.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	j.staged = name
	content := j.content
	if full {
		content = content[:len(content)/2]
	}
	if _, err := f.Write(content); err != nil {
		return err
	}
	if full {
		return errDiskFull
	}
	if err := f.Chmod(j.state.info.Mode().Perm()); err != nil {
		return err
	}
	if err := keepOwner(f, j.state.info); err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// undo writes the old contents back.
func (c *Computer) undo(done []*job) error {
	var errs []error
	for _, j := range done {
		back := &job{wanted: j.wanted, content: j.state.bytes, state: j.state}
		if err := c.stage(back, false); err != nil {
			errs = append(errs, err)
			continue
		}
		errs = append(errs, c.files.Rename(back.staged, j.state.real))
	}
	return errors.Join(errs...)
}

package winhost

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/amirotate/amirotate/internal/remote/scripts"
	"github.com/amirotate/amirotate/internal/sandbox/machine"
	"github.com/amirotate/amirotate/internal/verify"
)

// sddl is owner, group and access rules of every file: those of a program's
// folder, with administrators as the owner.
const sddl = "O:BAG:S-1-5-21-3623811015-3361044348-30300820-513D:AI(A;ID;FA;;;SY)(A;ID;FA;;;BA)(A;ID;0x1200a9;;;BU)"

// maxFile is the size above which the scripts read no file, in bytes.
const maxFile = 1 << 20

// report is what the scripts print of a file.
type report struct {
	Path    string        `json:"path"`
	Status  verify.Status `json:"status"`
	MD5     string        `json:"md5,omitempty"`
	SHA256  string        `json:"sha256,omitempty"`
	Size    int           `json:"size,omitempty"`
	SDDL    string        `json:"sddl,omitempty"`
	Content []byte        `json:"content,omitempty"`
	Problem string        `json:"problem,omitempty"`
}

// printed is the line that a script prints.
type printed struct {
	Outcome string   `json:"outcome,omitempty"`
	Files   []report `json:"files"`
	Problem *string  `json:"problem"`
	*ran
}

func (p *printed) problem(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	p.Problem = &text
}

// pointOfRead is where in its life a computer is when files are to be read.
func (c *Computer) pointOfRead() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.replaced {
		return machine.AtVerify
	}
	return machine.AtRead
}

// perform does what a script does, with what goes wrong at that point; nothing
// does at "".
func (c *Computer) perform(cmd *command, at, request string, script func(request, deed string) printed) (outcome, bool) {
	deed := c.strike(at)
	switch deed {
	case machine.Hang:
		<-c.life.Done()
		return outcome{}, false
	case machine.PowerOff:
		c.die()
		return outcome{}, false
	}
	done, ok := c.begin()
	if !ok || cmd.life.Err() != nil {
		if ok {
			done()
		}
		return outcome{}, false
	}
	result := script(request, deed)
	done()
	text, err := json.Marshal(result)
	if err != nil {
		return failure(err.Error()), true
	}
	out := outcome{stdout: []byte(scripts.ResultMark + string(text) + "\r\n")}
	if deed == machine.DropConnection || at != "" && c.strike(machine.AtDone) == machine.DropConnection {
		out.deed = machine.DropConnection
	}
	return out, true
}

// readScript does what read.ps1 does.
func (c *Computer) readScript(request, deed string) printed {
	var asked struct {
		Paths   []string `json:"paths"`
		Content bool     `json:"content"`
	}
	result := printed{Files: []report{}}
	if err := json.Unmarshal([]byte(request), &asked); err != nil {
		result.problem("%v", err)
		return result
	}
	for i, p := range asked.Paths {
		s := c.look(p)
		if i == 0 && deed == machine.FlipByte {
			s.flip()
		}
		result.Files = append(result.Files, s.report(asked.Content))
	}
	return result
}

// state is what stands at a path.
type state struct {
	path    string
	real    string // in the computer's folder
	status  verify.Status
	bytes   []byte
	problem string
	info    fs.FileInfo
}

// look reads what stands at a path.
func (c *Computer) look(windows string) state {
	s := state{path: windows, status: verify.Unreadable}
	err := c.read(&s)
	switch {
	case err == nil:
		s.status = verify.Present
	case isMissing(err):
		s.status = verify.Missing
	default:
		s.problem = err.Error()
	}
	return s
}

func (c *Computer) read(s *state) (err error) {
	if s.real, err = c.locate(s.path); err != nil {
		return err
	}
	if s.info, err = c.files.Stat(s.real); err != nil {
		return err
	}
	switch {
	case s.info.IsDir():
		return errDirectory
	case !s.info.Mode().IsRegular():
		return errors.New("is not a file")
	case s.info.Size() > maxFile:
		return fmt.Errorf("is larger than 1 MiB (%d bytes)", s.info.Size())
	}
	f, err := c.files.Open(s.real)
	if err != nil {
		return err
	}
	defer f.Close()
	s.bytes, err = io.ReadAll(f)
	return err
}

// flip changes a byte of what was read, as a failing disk does.
func (s *state) flip() {
	if len(s.bytes) > 0 {
		s.bytes[len(s.bytes)/2] ^= 1
	}
}

func (s *state) report(withContent bool) report {
	r := report{Path: s.path, Status: s.status, Problem: s.problem}
	if s.status != verify.Present {
		return r
	}
	digests := verify.Of(s.bytes)
	r.MD5, r.SHA256, r.Size, r.SDDL = digests.MD5, digests.SHA256, len(s.bytes), sddl
	if withContent {
		r.Content = s.bytes
	}
	return r
}

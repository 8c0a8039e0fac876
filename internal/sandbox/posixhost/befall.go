package posixhost

import (
	"bufio"
	"bytes"
	"io"
	"regexp"
	"strings"
	"sync"
	"syscall"

	"github.com/amirotate/amirotate/internal/sandbox/machine"
	"github.com/amirotate/amirotate/internal/sandbox/posixhost/commands"
)

// modeWord finds what a script on standard input is asked to do, by the command
// line, exec /bin/sh -s -- MODE …, or by the script's first one, set -- MODE ….
var modeWord = regexp.MustCompile(`(?:(?:^|[\s/])sh -s|^set) -- '?(read|replace|copies)\b`)

// plainShell reads all that it is to do from standard input.
const plainShell = "exec /bin/sh -s"

// firstLine reads the first line of standard input, as far as it fits a buffer,
// and leaves it there to be read again. It blocks as that does.
func firstLine(p *commands.Process) string {
	in := bufio.NewReader(p.Stdin)
	line, _ := in.ReadSlice('\n') // what is wrong comes up again
	first := string(line)
	p.Stdin = io.MultiReader(strings.NewReader(first), in)
	return first
}

// point tells at which point of a computer's life a command line is, or a first
// line of its input; "" for what is nobody's business.
func (h *host) point(line, first string) string {
	if line == plainShell {
		line = first
	}
	m := modeWord.FindStringSubmatch(line)
	switch {
	case m == nil && line == first && first != "":
		return machine.AtRun
	case m == nil:
		return ""
	case m[1] == "copies":
		return machine.AtCopy
	case m[1] == "replace":
		h.replaced.Store(true)
		return machine.AtPatch
	case h.replaced.Load():
		return machine.AtVerify
	}
	return machine.AtRead
}

// befall lets a fault strike a command that is about to run. after is to be
// called when the command has ended; ok is false if it must not run at all.
func (s *session) befall(line string, p *commands.Process) (after func(), ok bool) {
	after = func() {}
	if s.diskFull {
		p.FS.OnWrite = noSpace
	}
	first := ""
	if line == plainShell {
		first = firstLine(p)
	}
	deed, at := "", s.host.point(line, first)
	if at != "" {
		deed = s.host.strike(at)
		after = s.answer
	}
	if at == machine.AtRun && (deed == machine.DropConnection || deed == machine.FlipByte) {
		s.conn.Reset() // its input stays open, so that there is no midway and no end of it
		return after, false
	}
	if deed == "" && s.flip {
		deed = machine.FlipByte
	}
	switch deed {
	case machine.DropConnection:
		p.Stdin = &halfReader{source: p.Stdin, cut: s.conn.Reset}
	case machine.FlipByte:
		s.flip = false
		p.Stdin = &flipReader{source: p.Stdin}
	case machine.DiskFull:
		p.FS.OnWrite = noSpace
	case machine.Hang:
		<-p.Ctx.Done()
		return after, false
	case machine.PowerOff:
		fail := sync.OnceFunc(s.host.losePower)
		p.FS.OnWrite = func(bool) error {
			fail()
			return syscall.EIO
		}
		after = fail
	}
	return after, true
}

// answer lets a fault strike what is about to be answered.
func (s *session) answer() {
	if s.host.strike(machine.AtDone) == machine.DropConnection {
		s.conn.Reset()
	}
}

// halfReader reads all of its source, gives half of it and then cuts: what a
// command sees when its connection is lost midway through its input.
type halfReader struct {
	source io.Reader
	cut    func()
	half   *bytes.Reader
}

func (r *halfReader) Read(p []byte) (int, error) {
	if r.half == nil {
		all, _ := io.ReadAll(r.source)
		r.half = bytes.NewReader(all[:len(all)/2])
		r.cut()
	}
	return r.half.Read(p)
}

// flipReader reads all of its source and gives it with one byte changed.
type flipReader struct {
	source io.Reader
	all    *bytes.Reader
}

func (r *flipReader) Read(p []byte) (int, error) {
	if r.all == nil {
		all, err := io.ReadAll(r.source)
		if err != nil {
			return 0, err
		}
		flip(all)
		r.all = bytes.NewReader(all)
	}
	return r.all.Read(p)
}

// base64Run is a line of PEM or any other base64, wherever it stands.
var base64Run = regexp.MustCompile(`[A-Za-z0-9+/]{40,}`)

// digestRun is what looks like base64 and is a digest.
var digestRun = regexp.MustCompile(`^[0-9a-f]{40,}$`)

// payload is text that our script is to write.
var payload = regexp.MustCompile(`\nar_put '([^']+)'`)

// flip changes one byte of a payload: a letter of the last base64 text in it,
// else one of what is to be written, else the byte in the middle.
func flip(all []byte) {
	at := len(all) / 2
	if text := payload.FindSubmatchIndex(all); text != nil {
		at = (text[2] + text[3]) / 2
	}
	for _, run := range base64Run.FindAllIndex(all, -1) {
		if !digestRun.Match(all[run[0]:run[1]]) {
			at = (run[0] + run[1]) / 2
		}
	}
	if at >= len(all) {
		return
	}
	if all[at] != 'A' {
		all[at] = 'A'
	} else {
		all[at] = 'B'
	}
}

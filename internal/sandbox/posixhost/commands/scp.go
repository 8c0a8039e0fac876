package commands

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"
)

// maxUpload bounds a length that a client announces, in bytes.
const maxUpload = 1 << 40

// scpPeer is one side of the old scp protocol, which OpenSSH's scp -O, Packer
// and libssh speak: commands in lines, each answered by a byte 0, or by 1 or 2
// and a message.
type scpPeer struct {
	*Process
	in       *bufio.Reader
	opts     options
	status   int
	accessed time.Time
	modified time.Time
	timed    bool
}

var errLostPeer = errors.New("lost connection")

// scp is what a client starts on the far side: scp -t TARGET or scp -f SOURCE….
func scp(p *Process) int {
	opts, operands, ok := p.parse("tfvrpdq")
	if !ok {
		return 1
	}
	s := &scpPeer{Process: p, in: bufio.NewReader(p.Stdin), opts: opts}
	var err error
	switch {
	case opts.has("t") && len(operands) == 1:
		err = s.sink(operands[0])
	case opts.has("f") && len(operands) > 0:
		err = s.source(operands)
	default:
		return p.complain("only the far side of a copy (-t, -f) is installed here")
	}
	if err != nil {
		p.complain("%v", err)
		return 1
	}
	return s.status
}

// say sends an answer; a non-empty message reports a fault that is not fatal.
func (s *scpPeer) say(problem string) error {
	text := "\x00"
	if problem != "" {
		s.status = 1
		text = "\x01scp: " + problem + "\n"
	}
	_, err := io.WriteString(s.Stdout, text)
	return err
}

// heard waits for the other side's answer.
func (s *scpPeer) heard() error {
	code, err := s.in.ReadByte()
	if err != nil {
		return errLostPeer
	}
	if code == 0 {
		return nil
	}
	message, _ := s.in.ReadString('\n')
	s.status = 1
	if code == 1 {
		fmt.Fprint(s.Stderr, message)
		return nil
	}
	return errors.New(strings.TrimSpace(message))
}

func (s *scpPeer) sink(target string) error {
	info, err := s.FS.Stat(target)
	isDir := err == nil && info.IsDir()
	if s.opts.has("d") && !isDir {
		return s.say(target + ": Not a directory")
	}
	if err := s.say(""); err != nil {
		return err
	}
	return s.receive(target, isDir)
}

// receive takes in files until the end of a directory or of the stream.
func (s *scpPeer) receive(target string, isDir bool) error {
	for {
		line, err := s.in.ReadString('\n')
		if err == io.EOF && line == "" {
			return nil
		}
		if err != nil {
			return errLostPeer
		}
		line = strings.TrimSuffix(line, "\n")
		switch line[:min(1, len(line))] {
		case "E":
			return s.say("")
		case "T":
			err = s.times(line[1:])
		case "C", "D":
			err = s.entry(target, isDir, line)
		case "\x01", "\x02":
			s.status = 1
			fmt.Fprintln(s.Stderr, line[1:])
		default:
			err = errors.New("unexpected line from the client")
		}
		if err != nil {
			return err
		}
	}
}

// times reads "MTIME 0 ATIME 0", in seconds.
func (s *scpPeer) times(text string) error {
	f := strings.Fields(text)
	if len(f) != 4 {
		return errors.New("malformed times from the client")
	}
	modified, err1 := strconv.ParseInt(f[0], 10, 64)
	accessed, err2 := strconv.ParseInt(f[2], 10, 64)
	if err1 != nil || err2 != nil {
		return errors.New("malformed times from the client")
	}
	s.modified, s.accessed, s.timed = time.Unix(modified, 0), time.Unix(accessed, 0), true
	return s.say("")
}

// entry reads "C0644 LENGTH NAME" or "D0755 0 NAME".
func (s *scpPeer) entry(target string, isDir bool, line string) error {
	f := strings.SplitN(line[1:], " ", 3)
	if len(f) != 3 || f[2] == "" || f[2] == "." || f[2] == ".." || strings.Contains(f[2], "/") {
		return errors.New("malformed name from the client")
	}
	mode, err1 := strconv.ParseUint(f[0], 8, 16)
	size, err2 := strconv.ParseInt(f[1], 10, 64)
	if err1 != nil || err2 != nil || size < 0 || size > maxUpload {
		return errors.New("malformed mode or length from the client")
	}
	name := target
	if isDir {
		name = strings.TrimRight(target, "/") + "/" + f[2]
	}
	timed := s.timed
	s.timed = false
	if line[0] == 'D' {
		return s.receiveDir(name, goMode(uint32(mode)))
	}
	return s.receiveFile(name, goMode(uint32(mode)), size, timed)
}

func (s *scpPeer) receiveDir(name string, mode fs.FileMode) error {
	if !s.opts.has("r") {
		return errors.New("received directory without -r")
	}
	if info, err := s.FS.Stat(name); err != nil {
		if err := s.FS.Mkdir(name, mode|0o700); err != nil {
			return s.say(name + ": " + words(err))
		}
	} else if !info.IsDir() {
		return s.say(name + ": Not a directory")
	}
	if err := s.say(""); err != nil {
		return err
	}
	return s.receive(name, true)
}

func (s *scpPeer) receiveFile(name string, mode fs.FileMode, size int64, timed bool) error {
	file, err := s.FS.OpenFile(name, os.O_WRONLY|os.O_CREATE, mode)
	if err != nil {
		return s.say(name + ": " + words(err))
	}
	defer file.Close()
	if err := s.say(""); err != nil {
		return err
	}
	problem := ""
	buf := make([]byte, 32<<10)
	for left := size; left > 0; {
		n, err := io.ReadFull(s.in, buf[:min(left, int64(len(buf)))])
		if err != nil {
			return errLostPeer
		}
		left -= int64(n)
		if problem == "" {
			if _, err := file.Write(buf[:n]); err != nil {
				problem = name + ": " + words(err)
			}
		}
	}
	if problem == "" {
		problem = s.settle(name, mode, size, timed)
	}
	if err := s.heard(); err != nil {
		return err
	}
	return s.say(problem)
}

// settle cuts a longer old file to length and sets mode and times.
func (s *scpPeer) settle(name string, mode fs.FileMode, size int64, timed bool) string {
	if err := s.FS.Truncate(name, size); err != nil {
		return name + ": " + words(err)
	}
	if s.opts.has("p") {
		if err := s.FS.Chmod(name, mode); err != nil {
			return name + ": set mode: " + words(err)
		}
	}
	if timed {
		if err := s.FS.Chtimes(name, s.accessed, s.modified); err != nil {
			return name + ": set times: " + words(err)
		}
	}
	return ""
}

func (s *scpPeer) source(names []string) error {
	if err := s.heard(); err != nil {
		return err
	}
	for _, name := range names {
		if err := s.send(name); err != nil {
			return err
		}
	}
	return nil
}

func (s *scpPeer) send(name string) error {
	info, err := s.FS.Stat(name)
	if err != nil {
		return s.say(name + ": " + words(err))
	}
	switch {
	case info.IsDir() && !s.opts.has("r"):
		return s.say(name + ": not a regular file")
	case info.IsDir():
		return s.sendDir(name, info)
	case !info.Mode().IsRegular():
		return s.say(name + ": not a regular file")
	}
	file, err := s.FS.Open(name)
	if err != nil {
		return s.say(name + ": " + words(err))
	}
	defer file.Close()
	if err := s.announce('C', name, info, info.Size()); err != nil {
		return err
	}
	if _, err := io.CopyN(s.Stdout, file, info.Size()); err != nil {
		return err
	}
	if err := s.say(""); err != nil {
		return err
	}
	return s.heard()
}

func (s *scpPeer) sendDir(name string, info fs.FileInfo) error {
	entries, err := s.FS.ReadDir(name)
	if err != nil {
		return s.say(name + ": " + words(err))
	}
	if err := s.announce('D', name, info, 0); err != nil {
		return err
	}
	for _, e := range entries {
		if err := s.send(name + "/" + e.Name()); err != nil {
			return err
		}
	}
	if _, err := io.WriteString(s.Stdout, "E\n"); err != nil {
		return err
	}
	return s.heard()
}

func (s *scpPeer) announce(kind byte, name string, info fs.FileInfo, size int64) error {
	if s.opts.has("p") {
		t := info.ModTime().Unix()
		if _, err := fmt.Fprintf(s.Stdout, "T%d 0 %d 0\n", t, t); err != nil {
			return err
		}
		if err := s.heard(); err != nil {
			return err
		}
	}
	if _, err := fmt.Fprintf(s.Stdout, "%c%04o %d %s\n", kind, unixMode(info.Mode()), size, baseOf(name)); err != nil {
		return err
	}
	return s.heard()
}

package commands

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"syscall"
	"unicode"

	"github.com/amirotate/amirotate/internal/sandbox/posixhost/rootfs"
)

// Process is a command that runs.
type Process struct {
	Ctx    context.Context
	Args   []string // the name that it was called by comes first
	Env    []string // NAME=value, exported variables only
	FS     *rootfs.View
	Stdin  io.Reader
	Stdout io.Writer
	Stderr io.Writer
	System *System
	// Run carries out another command on the same system and returns its status.
	Run func(*Process) int
}

// Command is a utility; it returns its exit status.
type Command func(*Process) int

// StatusPipe is that of a command that was ended by SIGPIPE, as a shell tells it.
const StatusPipe = 128 + int(syscall.SIGPIPE)

// All returns the utilities by name.
func All() map[string]Command {
	return map[string]Command{
		"[": test, "base64": base64Command, "basename": basename, "cat": cat, "chgrp": chgrp,
		"chmod": chmod, "chown": chown, "cmp": cmpFiles, "cp": cp, "cut": cut, "date": date,
		"dd": dd, "dirname": dirname, "echo": echo, "env": env, "false": falseCommand,
		"find": find, "grep": grep, "head": head, "hostname": hostname, "id": id, "ln": ln,
		"ls": ls, "md5sum": sumCommand, "mkdir": mkdir, "mktemp": mktemp, "mv": mv, "od": od,
		"openssl": openssl, "printf": printf, "pwd": pwd, "readlink": readlink,
		"realpath": realpath, "rm": rm, "rmdir": rmdir, "scp": scp, "sed": sed, "seq": seq,
		"sha1sum": sumCommand, "sha256sum": sumCommand, "sha512sum": sumCommand,
		"sleep": sleep, "sort": sortLines, "stat": stat, "sudo": sudo, "sync": syncCommand,
		"tail": tail, "tee": tee, "test": test, "touch": touch, "tr": tr, "true": trueCommand,
		"uname": uname, "uniq": uniq, "wc": wc, "whoami": whoami, "xargs": xargs,
	}
}

// child is a process for another command, with the same streams and identity.
func (p *Process) child(args ...string) *Process {
	c := *p
	view := *p.FS
	c.Args, c.FS = args, &view
	return &c
}

func (p *Process) name() string { return p.Args[0] }

// getenv returns an exported variable, "" if it is not set.
func (p *Process) getenv(name string) string {
	value := ""
	for _, pair := range p.Env {
		if len(pair) > len(name) && pair[len(name)] == '=' && pair[:len(name)] == name {
			value = pair[len(name)+1:]
		}
	}
	return value
}

// complain writes "NAME: …" to standard error and returns status 1.
func (p *Process) complain(format string, args ...any) int {
	fmt.Fprintf(p.Stderr, p.name()+": "+format+"\n", args...)
	return 1
}

// fault complains about an error in the words of strerror(3).
func (p *Process) fault(what string, err error) int {
	return p.complain("%s: %s", what, words(err))
}

// words returns an error's cause as GNU's libc words it.
func words(err error) string {
	if pathErr, ok := errors.AsType[*fs.PathError](err); ok {
		err = pathErr.Err
	}
	text := []rune(err.Error())
	text[0] = unicode.ToUpper(text[0])
	return string(text)
}

// written turns the error of a write to standard output into a status.
func (p *Process) written(err error) int {
	switch {
	case err == nil:
		return 0
	case p.isPipe(err):
		return StatusPipe
	}
	return p.complain("write error: %s", words(err))
}

// print writes text to standard output and returns the status.
func (p *Process) print(text string) int {
	_, err := io.WriteString(p.Stdout, text)
	return p.written(err)
}

// open opens an operand to be read; "-" is standard input.
func (p *Process) open(name string) (io.ReadCloser, error) {
	if name == "-" || name == "/dev/stdin" {
		return io.NopCloser(p.Stdin), nil
	}
	file, err := p.FS.Open(name)
	if err != nil {
		return nil, err
	}
	if info, err := file.Stat(); err == nil && info.IsDir() {
		file.Close()
		return nil, &fs.PathError{Op: "read", Path: name, Err: syscall.EISDIR}
	}
	return file, nil
}

// eachInput opens each operand in turn, standard input if there are none, and
// hands it over. The status is 1 if one of them failed.
func (p *Process) eachInput(operands []string, do func(name string, r io.Reader) int) int {
	if len(operands) == 0 {
		operands = []string{"-"}
	}
	status := 0
	for _, name := range operands {
		file, err := p.open(name)
		if err != nil {
			status = p.fault(name, err)
			continue
		}
		code := do(name, file)
		file.Close()
		if code == StatusPipe {
			return code
		}
		status = max(status, code)
	}
	return status
}

// isPipe tells whether a write failed because nobody reads any more.
func (p *Process) isPipe(err error) bool {
	return errors.Is(err, syscall.EPIPE) || errors.Is(err, io.ErrClosedPipe) || errors.Is(err, io.EOF)
}

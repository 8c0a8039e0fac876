package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/term"
)

// Process is what a command has of the process that it runs in. It is gathered
// once and handed down, so that a test can run the whole program in itself.
type Process struct {
	Dir    string
	Getenv func(string) string
	// Environ is what the commands that it starts on this machine get, as
	// NAME=value; nil for the process's own.
	Environ []string
	Stdin   io.Reader
	Stdout  io.Writer
	Stderr  io.Writer
	// Interactive says that somebody at a terminal answers what is asked on
	// Stderr.
	Interactive bool
	// Terminal says that Stdout is a terminal that can be redrawn.
	Terminal bool
	// Size tells how many columns and rows it has now; nil if nobody knows.
	Size func() (columns, rows int)
	Now  func() time.Time
}

// size is the terminal's, zeros if it is not known.
func (p *Process) size() (columns, rows int) {
	if p.Size == nil {
		return 0, 0
	}
	return p.Size()
}

// osProcess is the real one.
func osProcess() (*Process, error) {
	dir, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	stdout := int(os.Stdout.Fd())
	dumb := os.Getenv("TERM") == "dumb" || os.Getenv("TERM") == ""
	return &Process{
		Dir:         dir,
		Getenv:      os.Getenv,
		Stdin:       os.Stdin,
		Stdout:      os.Stdout,
		Stderr:      os.Stderr,
		Terminal:    term.IsTerminal(stdout) && !dumb,
		Interactive: term.IsTerminal(int(os.Stdin.Fd())) && term.IsTerminal(int(os.Stderr.Fd())),
		Size: func() (int, int) {
			columns, rows, err := term.GetSize(stdout)
			if err != nil {
				return 0, 0
			}
			return columns, rows
		},
		Now: time.Now,
	}, nil
}

// abs makes a path of the command line absolute.
func (p *Process) abs(path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(p.Dir, path)
}

// with returns the same process with more in its environment.
func (p *Process) with(env map[string]string) *Process {
	q := *p
	q.Getenv = func(name string) string {
		if v, ok := env[name]; ok {
			return v
		}
		return p.Getenv(name)
	}
	return &q
}

// Main runs the program and returns its exit code.
func Main() int {
	p, err := osProcess()
	if err != nil {
		writeError(os.Stderr, fmt.Errorf("cannot tell the current folder: %w", err))
		return exitFailed
	}
	ctx, stop := withSignals(context.Background(), p.Stderr)
	defer stop()
	return Run(ctx, p, os.Args[1:])
}

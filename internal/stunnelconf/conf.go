package stunnelconf

import (
	"fmt"
	"slices"
)

// Use is what stunnel reads a file for, spelt as in its manual.
type Use string

// Uses.
const (
	CAfile Use = "CAfile" // the certificates that are trusted
	Cert   Use = "cert"   // its own certificate
	Key    Use = "key"    // the private key of that; the certificate's file unless set
	CApath Use = "CApath" // a folder of certificates that are trusted
)

var uses = []Use{CAfile, Cert, Key, CApath}

// Position is a line of a configuration.
type Position struct {
	File string // the host's own path
	Line int    // from 1
}

func (p Position) String() string { return fmt.Sprintf("line %d of %s", p.Line, p.File) }

// File is one that a service reads.
type File struct {
	Use     Use
	Written string   // as the configuration has it
	Path    string   // absolute, on the host
	At      Position // where it is set, for all services or for this one
}

// Service is a section.
type Service struct {
	Name  string // "" if the configuration has no sections
	At    Position
	Files []File // in the order of the uses
}

// Config is a configuration with all that it includes.
type Config struct {
	Path     string
	Services []Service
}

// Files returns all files that are read, each once for each line that names it.
func (c *Config) Files() []File {
	var files []File
	for _, s := range c.Services {
		for _, f := range s.Files {
			if !slices.Contains(files, f) {
				files = append(files, f)
			}
		}
	}
	return files
}

// Source is a configuration file's path on the host, and its bytes.
type Source struct {
	Path    string
	Content []byte
}

// Error is a configuration of which nobody can say what stunnel reads.
type Error struct {
	At     Position
	Reason string
	Remedy string // "" if it is in the configuration itself
}

func (e *Error) Error() string { return fmt.Sprintf("%v: %s", e.At, e.Reason) }

// Hint is the remedy.
func (e *Error) Hint() string {
	if e.Remedy != "" {
		return e.Remedy
	}
	return "correct the configuration on the host, or name the one that stunnel reads"
}

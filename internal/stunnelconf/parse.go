package stunnelconf

import (
	"bytes"
	"fmt"
	"maps"
	"strings"
)

// Limits that stunnel has too, or should have.
const (
	maxLine  = 16*1024 - 1 // bytes
	maxDepth = 10          // of files that include each other
)

// Parse reads a configuration. Include returns the files of a folder that it
// includes, in any order; nil if that cannot be done. Errors are *Error, or
// those of include.
func Parse(system System, main Source, include func(folder string) ([]Source, error)) (*Config, error) {
	p := &parser{system: system, include: include, global: settings{}, at: Position{File: main.Path}}
	p.current = p.global
	if err := p.file(main, 0); err != nil {
		return nil, err
	}
	return p.finish(main.Path)
}

// setting is the value of an option.
type setting struct {
	text string
	at   Position
}

// settings are a section's, by the option's name in lower case.
type settings map[string]setting

// section is a service being read.
type section struct {
	name string
	at   Position
	settings
}

type parser struct {
	system   System
	include  func(string) ([]Source, error)
	global   settings
	chroot   setting
	sections []section
	current  settings // of the last section, or the global ones
	at       Position
}

func (p *parser) errorf(format string, args ...any) error {
	return &Error{At: p.at, Reason: fmt.Sprintf(format, args...)}
}

func (p *parser) file(s Source, depth int) error {
	if depth > maxDepth {
		return p.errorf("more than %d files include each other", maxDepth)
	}
	content := bytes.TrimPrefix(s.Content, []byte("\xef\xbb\xbf"))
	line := 0
	for text := range bytes.Lines(content) {
		line++
		p.at = Position{s.Path, line}
		if err := p.line(string(text), depth); err != nil {
			return err
		}
	}
	return nil
}

// space is what C's isspace knows.
const space = " \t\n\v\f\r"

func (p *parser) line(text string, depth int) error {
	text = strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\r", "")
	if len(text) > maxLine || strings.ContainsRune(text, 0) {
		return p.errorf("the line is longer than %d bytes, or holds a NUL", maxLine)
	}
	text = strings.Trim(text, space)
	switch {
	case text == "" || text[0] == '#' || text[0] == ';':
		return nil
	case text[0] == '[' && text[len(text)-1] == ']':
		p.begin(text[1 : len(text)-1])
		return nil
	}
	name, value, ok := strings.Cut(text, "=")
	if !ok {
		return p.errorf("%.60q has no =", text)
	}
	return p.option(strings.ToLower(strings.TrimRight(name, space)), strings.TrimLeft(value, space), depth)
}

// begin begins a service, with what holds for all of them.
func (p *parser) begin(name string) {
	s := section{name: name, at: p.at, settings: maps.Clone(p.global)}
	p.sections = append(p.sections, s)
	p.current = s.settings
}

func (p *parser) option(name, value string, depth int) error {
	switch name {
	case "include":
		return p.includeFolder(value, depth)
	case "chroot":
		if len(p.sections) > 0 {
			return p.errorf("chroot is not for a section")
		}
		p.chroot = setting{value, p.at}
	case "cafile", "cert", "key", "capath", "engineid", "enginenum":
		p.current[name] = setting{value, p.at}
	}
	return nil
}

func (p *parser) includeFolder(value string, depth int) error {
	at := p.at
	folder, err := p.resolve(value)
	if err != nil {
		return err
	}
	if p.include == nil {
		return p.errorf("include = %s: what it includes is not known", value)
	}
	sources, err := p.include(folder)
	if err != nil {
		return fmt.Errorf("%v: include = %s: %w", at, value, err)
	}
	p.system.sort(sources)
	for _, s := range sources {
		p.at = at
		if err := p.file(s, depth+1); err != nil {
			return err
		}
	}
	p.at = at
	return nil
}

// resolve makes a path of the current line absolute.
func (p *parser) resolve(value string) (string, error) {
	path, err := p.system.resolve(value)
	if err != nil {
		return "", &Error{At: p.at, Reason: fmt.Sprintf("%q %v", value, err),
			Remedy: "say in stunnel_dir which folder stunnel takes relative paths from"}
	}
	return path, nil
}

// finish says which files the services read.
func (p *parser) finish(path string) (*Config, error) {
	if len(p.sections) == 0 {
		p.sections = []section{{at: Position{path, 1}, settings: p.global}}
	}
	c := &Config{Path: path}
	for _, s := range p.sections {
		files, err := p.filesOf(s.settings)
		if err != nil {
			return nil, err
		}
		c.Services = append(c.Services, Service{s.name, s.at, files})
	}
	return c, nil
}

func (p *parser) filesOf(s settings) ([]File, error) {
	var files []File
	for _, use := range uses {
		set := s.file(use)
		if set.text == "" {
			continue
		}
		p.at = set.at
		value := set.text
		if use == CApath && p.chroot.text != "" {
			value = p.system.below(p.chroot.text, value)
		}
		path, err := p.resolve(value)
		if err != nil {
			return nil, err
		}
		files = append(files, File{use, set.text, path, set.at})
	}
	return files, nil
}

// file returns the file that is read for a use, none if it is an engine's or a
// token's.
func (s settings) file(use Use) setting {
	set := s[strings.ToLower(string(use))]
	if use == Key {
		if set.text == "" {
			set = s["cert"]
		}
		if s["engineid"].text+s["enginenum"].text != "" {
			return setting{}
		}
	}
	if strings.HasPrefix(strings.ToLower(set.text), "pkcs11:") {
		return setting{}
	}
	return set
}

package config

import (
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// New returns the configuration of an empty file. getenv gives HOME and USER.
func New(getenv func(string) string) *Config {
	c := &Config{home: getenv("HOME")}
	defaultWaits(&c.Waits)
	c.Bastion.User = getenv("USER")
	if c.home != "" {
		c.Bastion.KnownHosts = filepath.Join(c.home, ".ssh", "known_hosts")
	}
	return c
}

// Parse reads a configuration. Relative paths in it count from the folder of
// the file, ~/ from HOME. All that is wrong comes in one *Error.
func Parse(path string, data []byte, getenv func(string) string) (*Config, error) {
	if f := illegible(data); f != nil {
		return nil, &Error{[]Problem{{File: path, Line: f.at.line, Column: f.at.column, Message: f.message, Hint: f.hint}}}
	}
	text := strings.ReplaceAll(strings.TrimPrefix(string(data), "\ufeff"), "\r\n", "\n")
	c := New(getenv)
	c.file = path
	d := &decoder{
		source:  newSource(path, text),
		dirs:    dirs{base: filepath.Dir(path), home: c.home},
		anchors: map[string]ast.Node{},
		lines:   lineIndex{},
	}
	root, ok := d.root(text)
	if ok && root != nil {
		d.value("", root, reflect.ValueOf(c).Elem(), "")
	}
	c.lines = d.lines
	c.bindOverrides()
	c.bindStatic()
	c.keepInStore()
	d.check(c)
	d.problems.sort()
	if err := d.problems.err(); err != nil {
		return nil, err
	}
	return c, nil
}

// defaultWaits reads the defaults from the tags, where the reference has them.
func defaultWaits(w *Waits) {
	v := reflect.ValueOf(w).Elem()
	for f := range fields(v.Type()) {
		wait, err := time.ParseDuration(f.Tag.Get("default"))
		if err != nil {
			panic(err) // a tag in this package
		}
		v.FieldByIndex(f.Index).SetInt(int64(wait))
	}
}

// root parses the text; it returns nil for an empty one.
func (d *decoder) root(text string) (root ast.Node, ok bool) {
	file, err := parseYAML(text)
	if err != nil {
		d.syntaxError(err)
		return nil, false
	}
	var docs []*ast.DocumentNode
	for _, doc := range file.Docs {
		if doc.Body != nil && doc.Body.Type() != ast.CommentType {
			docs = append(docs, doc)
		}
	}
	switch len(docs) {
	case 0:
		return nil, true
	case 1:
		return docs[0].Body, true
	}
	d.wrong("", docs[1].Body, "a second document begins here", "keep one and remove the --- between them")
	return nil, false
}

// parseYAML turns the parser's panics on broken input into errors.
func parseYAML(text string) (file *ast.File, err error) {
	defer func() {
		if p := recover(); p != nil {
			file, err = nil, errors.New("not YAML")
		}
	}()
	return parser.ParseBytes([]byte(text), 0, parser.AllowDuplicateMapKey())
}

func (d *decoder) syntaxError(err error) {
	at, message := position{1, 1}, "not YAML"
	var yerr yaml.Error
	if errors.As(err, &yerr) {
		at, message = positionOf(yerr.GetToken()), yerr.GetMessage()
	}
	hint := "indent with spaces, and write a text with : or # in quotes"
	if at.line <= len(d.rows) && strings.Contains(d.rows[at.line-1], `\`) {
		hint = `write a Windows path in single quotes, as in 'C:\Program Files (x86)\stunnel\cert.pem'`
	}
	d.wrongAt("", at, fmt.Sprintf("cannot be read as YAML: %s", message), hint)
}

package scenario

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/amirotate/amirotate/internal/spelling"
	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// Problem is something wrong in a scenario file.
type Problem struct {
	File         string
	Line, Column int // from 1; 0 if there is none
	Message      string
}

// Error reads "file:line:column: message".
func (p *Problem) Error() string {
	if p.Line == 0 {
		return fmt.Sprintf("%s: %s", p.File, p.Message)
	}
	return fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Column, p.Message)
}

// problems collects what is wrong, in the order found.
type problems struct {
	name string
	file *ast.File
	at   string // what $ stands for, "" for itself
	errs []error
}

// below collects the problems of a part that is checked as if it were the whole.
func (p *problems) below(at string) *problems {
	return &problems{name: p.name, file: p.file, at: at}
}

// add records a problem at a YAML path such as $.images[0].id, or at the
// nearest thing above it that exists.
func (p *problems) add(path, format string, args ...any) {
	if p.at != "" {
		path = p.at + strings.TrimPrefix(path, "$")
	}
	line, column := p.position(path)
	p.errs = append(p.errs, &Problem{p.name, line, column, fmt.Sprintf(format, args...)})
}

func (p *problems) err() error { return errors.Join(p.errs...) }

func (p *problems) position(path string) (line, column int) {
	for path != "$" && path != "" {
		if at, err := yaml.PathString(path); err == nil {
			if node, err := at.FilterFile(p.file); err == nil && node != nil {
				t := firstToken(node)
				return t.Position.Line, t.Position.Column
			}
		}
		path = path[:max(strings.LastIndexAny(path, ".["), 0)]
	}
	return 1, 1
}

// firstToken is where a node begins: a mapping's own token is a colon.
func firstToken(node ast.Node) *token.Token {
	switch n := node.(type) {
	case *ast.MappingNode:
		if !n.IsFlowStyle && len(n.Values) > 0 {
			return n.Values[0].Key.GetToken()
		}
	case *ast.MappingValueNode:
		return n.Key.GetToken()
	}
	return node.GetToken()
}

// decodeProblem words an error of the YAML decoder with its place and remedy.
func decodeProblem(name string, file *ast.File, err error) error {
	var e yaml.Error
	if !errors.As(err, &e) || e.GetToken() == nil {
		return unplacedProblem(name, file, err)
	}
	pos, message := e.GetToken().Position, e.GetMessage()
	if unknown, ok := errors.AsType[*yaml.UnknownFieldError](err); ok {
		message = unknownKey(unknown.Token.Value)
	}
	if typ, ok := errors.AsType[*yaml.TypeError](err); ok {
		message = fmt.Sprintf("%q is not %s", e.GetToken().Value, kindInWords(typ.DstType))
	}
	return &Problem{name, pos.Line, pos.Column, message}
}

// unplacedProblem finds the place of an error that only quotes what it is about,
// such as a duration.
func unplacedProblem(name string, file *ast.File, err error) error {
	p := &Problem{File: name, Message: err.Error()}
	_, rest, _ := strings.Cut(p.Message, `"`)
	text, _, _ := strings.Cut(rest, `"`)
	if text == "" || file == nil {
		return p
	}
	for _, doc := range file.Docs {
		for _, node := range ast.Filter(ast.StringType, doc.Body) {
			if t := node.GetToken(); t.Value == text && p.Line == 0 {
				p.Line, p.Column = t.Position.Line, t.Position.Column
			}
		}
	}
	if strings.Contains(p.Message, "duration") {
		p.Message = fmt.Sprintf("%q is not %s", text, kindInWords(reflect.TypeFor[time.Duration]()))
	}
	return p
}

func kindInWords(t reflect.Type) string {
	switch {
	case t == nil:
		return "what belongs here"
	case t.String() == "time.Duration":
		return `a duration; write it as "15s" or "3m"`
	}
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.String:
		return "text; put it in quotes"
	case reflect.Float64, reflect.Int, reflect.Int32:
		return "a number"
	case reflect.Slice:
		return "a list; write it as [a, b] or as lines that begin with a dash"
	}
	return "a mapping of keys to values"
}

// unknownKey lists the keys of the structs that a misspelling may be meant for.
func unknownKey(key string) string {
	keys := keysOf(reflect.TypeFor[Scenario](), map[string]bool{})
	near := spelling.Nearest(key, slices.Sorted(maps.Keys(keys)))
	if near == "" {
		return fmt.Sprintf("unknown key %q; remove it", key)
	}
	return fmt.Sprintf("unknown key %q; remove it, or did you mean %s?", key, near)
}

func keysOf(t reflect.Type, keys map[string]bool) map[string]bool {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || t.PkgPath() != reflect.TypeFor[Scenario]().PkgPath() {
		return keys
	}
	for f := range t.Fields() {
		if key := f.Tag.Get("yaml"); key != "" && key != "-" {
			keys[key] = true
			keysOf(f.Type, keys)
		}
	}
	return keys
}

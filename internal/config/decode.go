package config

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// decoder fills a struct from a syntax tree by its tags and goes on after each
// problem, so that all of them come at once.
type decoder struct {
	source
	dirs     dirs
	problems problems
	anchors  map[string]ast.Node
	lines    lineIndex
}

// lineIndex says where the value of each key begins. The path of a key is like
// overrides[0].user.
type lineIndex map[string]position

type position struct{ line, column int } // from 1; the zero value is nowhere

func positionOf(t *token.Token) position {
	if t == nil || t.Position == nil {
		return position{1, 1}
	}
	return position{t.Position.Line, t.Position.Column}
}

// value fills v from a node. path is the key's, tag its field's.
func (d *decoder) value(path string, node ast.Node, v reflect.Value, tag reflect.StructTag) {
	node, ok := d.resolve(path, node)
	if !ok {
		return
	}
	if _, null := node.(*ast.NullNode); null {
		d.null(path, node, v)
		return
	}
	d.lines[path] = positionOf(node.GetToken())
	switch p := v.Addr().Interface().(type) {
	case *Secret:
		d.secret(path, node, p)
	case *time.Duration:
		d.duration(path, node, p, tag)
	case *string:
		d.text(path, node, p, tag)
	case *int:
		d.number(path, node, p, tag)
	case *float64:
		d.decimal(path, node, p, tag)
	case *bool:
		d.truth(path, node, p)
	case *[]string:
		d.texts(path, node, p, tag)
	default:
		d.composite(path, node, v)
	}
}

func (d *decoder) composite(path string, node ast.Node, v reflect.Value) {
	if v.Kind() == reflect.Slice {
		d.list(path, node, v)
		return
	}
	d.mapping(path, node, v)
}

// resolve follows anchors and aliases. An alias inside its own anchor can't
// run in a circle, since each step down is one in the schema too.
func (d *decoder) resolve(path string, node ast.Node) (ast.Node, bool) {
	switch n := node.(type) {
	case *ast.AnchorNode:
		value, ok := d.resolve(path, n.Value)
		if ok {
			d.anchors[n.Name.GetToken().Value] = value
		}
		return value, ok
	case *ast.AliasNode:
		name := n.Value.GetToken().Value
		if value, ok := d.anchors[name]; ok {
			return value, true
		}
		d.wrong(path, node, fmt.Sprintf("%s is the alias of no anchor before it", "*"+name), "write the value itself")
		return nil, false
	case *ast.TagNode:
		d.wrong(path, node, fmt.Sprintf("%s: tags such as %s are not understood", path, n.Start.Value), "leave the tag out")
		return nil, false
	case nil:
		return nil, false
	}
	return node, true
}

// null takes an empty section for one that isn't there; its lines may have been
// commented out. A setting must have a value.
func (d *decoder) null(path string, node ast.Node, v reflect.Value) {
	switch v.Interface().(type) {
	case Certificate, Store, Check, Launch, Bastion, Platforms, Platform, Master, MasterCheck, Waits, Refresh, Notify, []Override, []Static, []File, []Command, []Leaf, []Endpoint, []Price:
		return
	}
	d.wrong(path, node, path+" has no value", "give it one, or remove the line")
}

// list fills a list of mappings.
func (d *decoder) list(path string, node ast.Node, v reflect.Value) {
	n, ok := node.(*ast.SequenceNode)
	if !ok {
		d.wrongType(path, node, "a list", `begin each entry with "- "`)
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), len(n.Values), len(n.Values)))
	for i, entry := range n.Values {
		d.value(fmt.Sprintf("%s[%d]", path, i), entry, v.Index(i), "")
	}
}

// mapping fills a struct.
func (d *decoder) mapping(path string, node ast.Node, v reflect.Value) {
	n, ok := node.(ast.MapNode)
	if !ok {
		d.wrongType(path, node, "a mapping", "its keys are "+strings.Join(namesIn(v.Type()), ", "))
		return
	}
	fields := fieldsIn(v.Type())
	seen := map[string]position{}
	for it := n.MapRange(); it.Next(); {
		key, at := keyName(it.Key()), positionOf(it.Key().GetToken())
		f, known := fields[key]
		switch first, twice := seen[key]; {
		case twice:
			d.wrongAt(join(path, key), at, fmt.Sprintf("%q is given twice, first in line %d", key, first.line), "leave one of them")
		case !known:
			d.unknownKey(path, key, at, v.Type())
		default:
			d.value(join(path, key), it.Value(), v.FieldByIndex(f.Index), f.Tag)
		}
		seen[key] = at
	}
}

func keyName(k ast.MapKeyNode) string {
	if t := k.GetToken(); t != nil {
		return t.Value
	}
	return k.String()
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

func (d *decoder) wrong(path string, node ast.Node, message, hint string) {
	d.wrongAt(path, positionOf(node.GetToken()), message, hint)
}

func (d *decoder) wrongType(path string, node ast.Node, want, hint string) {
	if path == "" {
		path = "the configuration"
	}
	d.wrong(path, node, fmt.Sprintf("%s must be %s, not %s", path, want, kindOf(node)), hint)
}

func (d *decoder) wrongAt(path string, at position, message, hint string) {
	d.problems.add(d.problem(path, at, message, hint))
}

// isWrong tells whether a key has a problem already.
func (d *decoder) isWrong(key string) bool {
	return slices.ContainsFunc(d.problems, func(p Problem) bool { return p.Key == key })
}

// kindOf says in words what a node is.
func kindOf(node ast.Node) string {
	switch n := node.(type) {
	case ast.MapNode:
		return "a mapping"
	case *ast.SequenceNode:
		return "a list"
	case *ast.BoolNode:
		return "true or false"
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		return "a number"
	case *ast.StringNode, *ast.LiteralNode:
		return "a text"
	default:
		return "a " + strings.ToLower(n.Type().String())
	}
}

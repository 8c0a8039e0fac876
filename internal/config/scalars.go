package config

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/amirotate/amirotate/internal/spelling"
	"github.com/goccy/go-yaml/ast"
)

// scalar returns the text of a node that is one.
func scalar(node ast.Node) (string, bool) {
	switch n := node.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return n.Value.Value, true
	}
	return "", false
}

func (d *decoder) text(path string, node ast.Node, p *string, tag reflect.StructTag) {
	s, ok := scalar(node)
	switch {
	case !ok:
		d.wrongType(path, node, "a text", quoteHint(node))
	case s == "":
		d.wrong(path, node, path+" is empty", "give it a value, or remove the line")
	case strings.ContainsRune(s, 0):
		d.wrong(path, node, path+" holds a NUL character", "remove it")
	default:
		*p = d.dirs.resolve(tag.Get("kind"), s)
		d.checkOneOf(path, node, s, tag)
	}
}

// quoteHint tells how what is none is made a text.
func quoteHint(node ast.Node) string {
	switch node.(type) {
	case ast.MapNode, *ast.SequenceNode:
		return "write one text behind the key, without brackets or lines of its own"
	}
	return "write it in quotes"
}

func (d *decoder) checkOneOf(path string, node ast.Node, s string, tag reflect.StructTag) {
	values := strings.Fields(tag.Get("oneof"))
	if len(values) == 0 || slices.Contains(values, s) {
		return
	}
	hint := "it is one of " + strings.Join(values, ", ")
	if near := spelling.Nearest(s, values); near != "" {
		hint = fmt.Sprintf("did you mean %s? %s", near, hint)
	}
	d.wrong(path, node, fmt.Sprintf("%s can't be %.40q", path, s), hint)
}

// texts takes a list of texts, or one text for a list of one.
func (d *decoder) texts(path string, node ast.Node, p *[]string, tag reflect.StructTag) {
	n, ok := node.(*ast.SequenceNode)
	if !ok {
		if _, ok := scalar(node); !ok {
			d.wrongType(path, node, "a text or a list of texts", "write one text in quotes, or several as [a, b]")
			return
		}
		*p = make([]string, 1)
		d.text(path, node, &(*p)[0], tag)
		return
	}
	if len(n.Values) == 0 {
		d.wrong(path, node, path+" is an empty list", "give it an entry, or remove the line")
	}
	*p = make([]string, len(n.Values))
	for i, entry := range n.Values {
		d.value(fmt.Sprintf("%s[%d]", path, i), entry, reflect.ValueOf(p).Elem().Index(i), tag)
	}
}

func (d *decoder) number(path string, node ast.Node, p *int, tag reflect.StructTag) {
	n, ok := node.(*ast.IntegerNode)
	if !ok {
		d.wrongType(path, node, "a whole number", "write digits alone, without quotes")
		return
	}
	v, err := strconv.Atoi(fmt.Sprint(n.Value))
	low, high := bounds(tag)
	if err != nil || v < low || v > high {
		d.wrong(path, node, fmt.Sprintf("%s is out of range", path), rangeHint(tag))
		return
	}
	*p = v
}

func bounds(tag reflect.StructTag) (low, high int) {
	const most = 1 << 30
	low, _ = strconv.Atoi(tag.Get("min"))
	high, err := strconv.Atoi(tag.Get("max"))
	if err != nil {
		high = most
	}
	return low, high
}

func rangeHint(tag reflect.StructTag) string {
	if tag.Get("max") == "" {
		return "it is " + tag.Get("min") + " or more"
	}
	return "it is from " + tag.Get("min") + " to " + tag.Get("max")
}

func (d *decoder) truth(path string, node ast.Node, p *bool) {
	n, ok := node.(*ast.BoolNode)
	if !ok {
		d.wrongType(path, node, "true or false", "write true or false, without quotes")
		return
	}
	*p = n.Value
}

func (d *decoder) duration(path string, node ast.Node, p *time.Duration, tag reflect.StructTag) {
	hint := "write a number and a unit, such as 90s, 20m or 2h"
	if tag.Get("unit") == "days" {
		hint = "write a number and a unit, such as 60d or 36h"
	}
	s, ok := scalar(node)
	if !ok {
		d.wrongType(path, node, "a duration", hint)
		return
	}
	v, err := parseDuration(s)
	if err != nil || v <= 0 {
		d.wrong(path, node, fmt.Sprintf("%s can't be %.40q", path, s), hint)
		return
	}
	*p = v
}

// parseDuration reads what time.ParseDuration does, and days of 24 hours in
// front of it: 60d, 1d12h.
func parseDuration(s string) (time.Duration, error) {
	const day = 24 * time.Hour
	number, rest, found := strings.Cut(s, "d")
	if !found {
		return time.ParseDuration(s)
	}
	days, err := strconv.ParseUint(number, 10, 16)
	if err != nil || rest == "" {
		return time.Duration(days) * day, err
	}
	more, err := time.ParseDuration(rest)
	if err == nil && more < 0 {
		err = strconv.ErrRange
	}
	return time.Duration(days)*day + more, err
}

// secret takes a reference to a secret. Nothing of what stands there is shown
// when it is none: it may be the secret itself.
func (d *decoder) secret(path string, node ast.Node, p *Secret) {
	const hint = "name where it is found: {env: NAME}, {file: PATH} or {ec2: KEY-FILE}"
	refuse := func(message string) {
		q := d.problem(path, positionOf(node.GetToken()), message, hint)
		q.Excerpt = ""
		d.problems.add(q)
	}
	n, ok := node.(ast.MapNode)
	if !ok {
		refuse(path + " must not hold the password itself")
		return
	}
	fields, count := fieldsIn(reflect.TypeFor[Secret]()), 0
	for it := n.MapRange(); it.Next(); count++ {
		f, known := fields[keyName(it.Key())]
		s, isText := scalar(it.Value())
		if !known || !isText || s == "" {
			refuse(path + " is not understood")
			return
		}
		reflect.ValueOf(p).Elem().FieldByIndex(f.Index).SetString(d.dirs.resolve(f.Tag.Get("kind"), s))
	}
	if count != 1 {
		refuse(path + " must name exactly one place")
	}
}

package iam

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Policy is a document that has been read and understood.
type Policy struct {
	Statements []Statement
}

// Statement allows or denies actions on resources, under conditions.
type Statement struct {
	Sid        string
	Deny       bool
	Actions    []string // with * and ?
	Resources  []string // with * and ?
	Conditions []Condition
}

// words is a text or a list of texts.
type words []string

func (w *words) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil {
		*w = words{one}
		return nil
	}
	return json.Unmarshal(b, (*[]string)(w))
}

type document struct {
	Version   string
	ID        string `json:"Id"`
	Statement json.RawMessage
}

type element struct {
	Sid, Effect      string
	Action, Resource words
	Condition        map[string]map[string]words
}

// versions are those of the policy language; they differ in variables, which are
// not understood here.
var versions = []string{"2012-10-17", "2008-10-17", ""}

// Parse reads a document, which may hold nothing that is not understood.
func Parse(data []byte) (*Policy, error) {
	var d document
	if err := strict(data, &d); err != nil {
		return nil, err
	}
	if !slices.Contains(versions, d.Version) {
		return nil, fmt.Errorf("version %q is not one of the policy language", d.Version)
	}
	var elements []element
	var one element
	if strict(d.Statement, &one) == nil {
		elements = []element{one}
	} else if err := strict(d.Statement, &elements); err != nil {
		return nil, fmt.Errorf("statement: %w", err)
	}
	p := &Policy{}
	for i, e := range elements {
		s, err := e.statement()
		if err != nil {
			return nil, fmt.Errorf("statement %d: %w", i+1, err)
		}
		p.Statements = append(p.Statements, s)
	}
	return p, nil
}

func strict(data []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("something follows the document")
	}
	return nil
}

func (e element) statement() (Statement, error) {
	s := Statement{Sid: e.Sid, Deny: e.Effect == "Deny", Actions: e.Action, Resources: e.Resource}
	switch {
	case e.Effect != "Allow" && e.Effect != "Deny":
		return s, fmt.Errorf("effect %q is neither Allow nor Deny", e.Effect)
	case len(e.Action) == 0 || len(e.Resource) == 0:
		return s, errors.New("it needs Action and Resource")
	}
	for _, a := range e.Action {
		if a != "*" && !strings.Contains(a, ":") {
			return s, fmt.Errorf("action %q names no service", a)
		}
	}
	for _, r := range e.Resource {
		if r != "*" && strings.Count(r, ":") < 5 {
			return s, fmt.Errorf("resource %q is neither * nor an ARN", r)
		}
	}
	for operator, keys := range e.Condition {
		for key, values := range keys {
			c, err := newCondition(operator, key, values)
			if err != nil {
				return s, err
			}
			s.Conditions = append(s.Conditions, c)
		}
	}
	return s, noVariables(slices.Concat(e.Action, e.Resource))
}

func noVariables(texts []string) error {
	for _, t := range texts {
		if strings.Contains(t, "${") {
			return fmt.Errorf("variables such as in %q are not understood", t)
		}
	}
	return nil
}

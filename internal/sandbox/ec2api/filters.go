package ec2api

import (
	"strconv"
	"strings"

	"github.com/amirotate/amirotate/internal/sandbox/ec2state"
)

// filters maps the names of a resource's filters to the values it has for them.
type filters[T any] struct {
	tags   func(T) map[string]string // nil if it has no tags
	values map[string]func(T) []string
}

// apply keeps what passes every filter; a filter passes if any of its values
// matches any of the resource's.
func (f filters[T]) apply(items []T, wanted []filter) ([]T, error) {
	for _, w := range wanted {
		if !f.knows(w.Name) {
			return nil, ec2state.Refuse("InvalidParameterValue", "The filter '%s' is invalid", w.Name)
		}
		if len(w.Values) == 0 {
			return nil, ec2state.Refuse("InvalidParameterValue", "The filter '%s' has no values", w.Name)
		}
	}
	var kept []T
	for _, item := range items {
		if f.passes(item, wanted) {
			kept = append(kept, item)
		}
	}
	return kept, nil
}

func (f filters[T]) knows(name string) bool {
	if f.values[name] != nil {
		return true
	}
	return f.tags != nil && (name == "tag-key" || name == "tag-value" || strings.HasPrefix(name, "tag:"))
}

func (f filters[T]) passes(item T, wanted []filter) bool {
	for _, w := range wanted {
		if !anyMatch(w.Values, f.valuesOf(item, w.Name)) {
			return false
		}
	}
	return true
}

func (f filters[T]) valuesOf(item T, name string) []string {
	if get := f.values[name]; get != nil {
		return get(item)
	}
	var values []string
	key, _ := strings.CutPrefix(name, "tag:")
	for k, v := range f.tags(item) {
		switch {
		case name == "tag-key":
			values = append(values, k)
		case name == "tag-value", k == key:
			values = append(values, v)
		}
	}
	return values
}

func anyMatch(patterns, values []string) bool {
	for _, p := range patterns {
		for _, v := range values {
			if wildcard(p, v) {
				return true
			}
		}
	}
	return false
}

// wildcard matches * (any characters), ? (one) and \ (the next one as it is),
// with regard to case.
func wildcard(pattern, s string) bool {
	p, starP, starS, i := 0, -1, 0, 0
	for i < len(s) {
		literal := p < len(pattern) && pattern[p] == '\\' && p+1 < len(pattern)
		switch {
		case literal && pattern[p+1] == s[i]:
			p, i = p+2, i+1
		case !literal && p < len(pattern) && pattern[p] == '*':
			starP, starS = p, i
			p++
		case !literal && p < len(pattern) && (pattern[p] == '?' || pattern[p] == s[i]):
			p, i = p+1, i+1
		case starP >= 0:
			starS++
			p, i = starP+1, starS
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}

// one makes a filter's values of a single string, none if it is empty.
func one[T any](get func(T) string) func(T) []string {
	return func(item T) []string {
		if v := get(item); v != "" {
			return []string{v}
		}
		return nil
	}
}

// yesNo makes a filter's values of a condition.
func yesNo[T any](get func(T) bool) func(T) []string {
	return func(item T) []string { return []string{strconv.FormatBool(get(item))} }
}

// each makes a filter's values of a list.
func each[T, E any](list func(T) []E, get func(E) string) func(T) []string {
	return func(item T) []string {
		var values []string
		for _, e := range list(item) {
			if v := get(e); v != "" {
				values = append(values, v)
			}
		}
		return values
	}
}

package iam

import (
	"fmt"
	"slices"
	"strings"
)

// Condition compares a key of a request with values.
type Condition struct {
	Key    string // lower case
	Values []string

	set      string // ForAllValues or ForAnyValue, "" for neither
	like     bool   // * and ? are wildcards
	negated  bool
	ifExists bool // a request without the key will do
}

// keys are the condition keys that calls of the sandbox have; those that end in
// a slash go on with the key of a tag. IAM does not tell their letter case apart.
var keys = []string{
	"aws:requesttag/", "aws:resourcetag/", "ec2:resourcetag/", "aws:tagkeys", "aws:requestedregion",
	"ec2:createaction", "ec2:region", "iam:passedtoservice", "kms:viaservice",
}

func newCondition(operator, key string, values []string) (Condition, error) {
	c := Condition{Key: strings.ToLower(key), Values: values}
	name := operator
	if set, rest, ok := strings.Cut(name, ":"); ok {
		if set != "ForAllValues" && set != "ForAnyValue" {
			return c, fmt.Errorf("condition operator %s is not understood", operator)
		}
		c.set, name = set, rest
	}
	name, c.ifExists = strings.CutSuffix(name, "IfExists")
	switch name {
	case "StringEquals":
	case "StringNotEquals":
		c.negated = true
	case "StringLike":
		c.like = true
	case "StringNotLike":
		c.like, c.negated = true, true
	default:
		return c, fmt.Errorf("condition operator %s is not understood", operator)
	}
	known := slices.ContainsFunc(keys, func(k string) bool {
		return c.Key == k || strings.HasSuffix(k, "/") && strings.HasPrefix(c.Key, k) && c.Key != k
	})
	if !known || strings.HasSuffix(c.Key, "/") {
		return c, fmt.Errorf("condition key %s is not understood", key)
	}
	return c, noVariables(values)
}

// holds tells whether a request with these values of the key, if it has the key
// at all, fulfils the condition.
func (c Condition) holds(has []string, present bool) bool {
	if !present || len(has) == 0 {
		return c.ifExists || c.negated && c.set != "ForAnyValue" || c.set == "ForAllValues"
	}
	switch c.set {
	case "ForAllValues":
		return !slices.ContainsFunc(has, func(v string) bool { return !c.accepts(v) })
	case "ForAnyValue":
		return slices.ContainsFunc(has, c.accepts)
	}
	return c.accepts(has[0])
}

func (c Condition) accepts(value string) bool {
	matches := slices.ContainsFunc(c.Values, func(want string) bool {
		return value == want || c.like && match(want, value)
	})
	return matches != c.negated
}

// match tells whether a pattern with * and ? stands for a text. It goes back to
// the last * alone, so that no pattern takes long.
func match(pattern, text string) bool {
	p, t, star, from := 0, 0, -1, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, from = p, t
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == text[t]):
			p++
			t++
		case star >= 0:
			from++
			p, t = star+1, from
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}

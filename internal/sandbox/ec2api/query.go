package ec2api

import (
	"encoding/base64"
	"maps"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/amirotate/amirotate/internal/sandbox/ec2state"
)

// ignored is a parameter, with all below it, that EC2 knows and that changes
// nothing in the sandbox.
type ignored struct{}

// param is a node of the tree that the dots in parameter names make.
type param struct {
	value    *string
	children map[string]*param
}

// decode fills the fields that bear a q tag, the parameter's name. Lists are
// numbered from 1. A parameter that has no field is refused, as EC2 does.
func decode(values url.Values, into any) error {
	root := &param{children: map[string]*param{}}
	for _, key := range slices.Sorted(maps.Keys(values)) {
		if key == "Action" || key == "Version" {
			continue
		}
		node := root
		for part := range strings.SplitSeq(key, ".") {
			next := node.children[part]
			if next == nil {
				next = &param{children: map[string]*param{}}
				node.children[part] = next
			}
			node = next
		}
		node.value = &values[key][0]
	}
	return root.fill("", reflect.ValueOf(into).Elem())
}

func (p *param) fill(name string, v reflect.Value) error {
	switch v.Interface().(type) {
	case ignored:
		return nil
	case time.Time:
		return p.fillTime(name, v)
	case []byte:
		return p.fillBytes(name, v)
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		return p.fill(name, v.Elem())
	case reflect.Struct:
		return p.fillStruct(name, v)
	case reflect.Slice:
		return p.fillList(name, v)
	}
	if p.value == nil || len(p.children) > 0 {
		return unknownParameter(name, p)
	}
	return fillScalar(name, *p.value, v)
}

func (p *param) fillTime(name string, v reflect.Value) error {
	if p.value == nil {
		return unknownParameter(name, p)
	}
	t, err := time.Parse(time.RFC3339, *p.value)
	if err != nil {
		return invalidValue(name, *p.value)
	}
	v.Set(reflect.ValueOf(t))
	return nil
}

func (p *param) fillBytes(name string, v reflect.Value) error {
	if p.value == nil {
		return unknownParameter(name, p)
	}
	b, err := base64.StdEncoding.DecodeString(*p.value)
	if err != nil {
		return ec2state.Refuse("InvalidParameterValue", "Invalid BASE64 encoding of %s", name)
	}
	v.SetBytes(b)
	return nil
}

func (p *param) fillStruct(name string, v reflect.Value) error {
	fields := map[string]reflect.Value{}
	collectFields(v, fields)
	if p.value != nil && *p.value != "" {
		return unknownParameter(name, p)
	}
	for _, key := range slices.Sorted(maps.Keys(p.children)) {
		field, ok := fields[key]
		if !ok {
			return unknownParameter(join(name, key), p.children[key])
		}
		if err := p.children[key].fill(join(name, key), field); err != nil {
			return err
		}
	}
	return nil
}

func collectFields(v reflect.Value, fields map[string]reflect.Value) {
	for f, value := range v.Fields() {
		if f.Anonymous {
			collectFields(value, fields)
		} else if key := f.Tag.Get("q"); key != "" {
			fields[key] = value
		}
	}
}

func (p *param) fillList(name string, v reflect.Value) error {
	numbers := map[int]*param{}
	for key, child := range p.children {
		n, err := strconv.Atoi(key)
		if err != nil || n < 0 {
			return unknownParameter(join(name, key), child)
		}
		numbers[n] = child
	}
	if p.value != nil && *p.value != "" { // a list of one may come without a number
		numbers[-1] = &param{value: p.value}
	}
	for _, n := range slices.Sorted(maps.Keys(numbers)) {
		item := reflect.New(v.Type().Elem()).Elem()
		if err := numbers[n].fill(join(name, strconv.Itoa(n)), item); err != nil {
			return err
		}
		v.Set(reflect.Append(v, item))
	}
	return nil
}

func fillScalar(name, value string, v reflect.Value) error {
	switch v.Kind() {
	case reflect.String:
		v.SetString(value)
	case reflect.Bool:
		b, err := strconv.ParseBool(strings.ToLower(value))
		if err != nil {
			return ec2state.Refuse("InvalidParameterValue", "Invalid value '%s' for boolean parameter %s", value, name)
		}
		v.SetBool(b)
	default:
		n, err := strconv.ParseInt(value, 10, 32)
		if err != nil {
			return ec2state.Refuse("InvalidParameterValue", "Value (%s) for parameter %s is invalid. Expected an integer.", value, name)
		}
		v.SetInt(n)
	}
	return nil
}

func join(name, key string) string {
	if name == "" {
		return key
	}
	return name + "." + key
}

// unknownParameter names the first leaf, as the client wrote it.
func unknownParameter(name string, p *param) error {
	for len(p.children) > 0 {
		key := slices.Min(slices.Collect(maps.Keys(p.children)))
		name, p = join(name, key), p.children[key]
	}
	return ec2state.Refuse("UnknownParameter", "The parameter %s is not recognized", name)
}

func invalidValue(name, value string) error {
	return ec2state.Refuse("InvalidParameterValue", "Value (%s) for parameter %s is invalid.", value, name)
}

// missingParameter is EC2's refusal of a call that lacks something.
func missingParameter(name string) error {
	return ec2state.Refuse("MissingParameter", "The request must contain the parameter %s", name)
}

// filter is a filter of a Describe call.
type filter struct {
	Name   string   `q:"Name"`
	Values []string `q:"Value"`
}

// tagParam is a tag of a request.
type tagParam struct {
	Key   string  `q:"Key"`
	Value *string `q:"Value"`
}

// tagSpec gives tags to what a call makes.
type tagSpec struct {
	ResourceType string     `q:"ResourceType"`
	Tags         []tagParam `q:"Tag"`
}

// dry is part of every request.
type dry struct {
	DryRun bool `q:"DryRun"`
}

// paging is part of a Describe request.
type paging struct {
	MaxResults *int   `q:"MaxResults"`
	NextToken  string `q:"NextToken"`
}

// tagsByType sorts a request's tags by resource type, of which only some fit.
func tagsByType(specs []tagSpec, allowed ...string) (map[string]map[string]string, error) {
	byType := map[string]map[string]string{}
	for _, spec := range specs {
		if !slices.Contains(allowed, spec.ResourceType) {
			return nil, ec2state.Refuse("InvalidParameterValue", "'%s' is not a valid taggable resource type for this operation.", spec.ResourceType)
		}
		if byType[spec.ResourceType] == nil {
			byType[spec.ResourceType] = map[string]string{}
		}
		for _, t := range spec.Tags {
			if _, twice := byType[spec.ResourceType][t.Key]; twice {
				return nil, ec2state.Refuse("InvalidParameterValue", "Duplicate tag key '%s' specified.", t.Key)
			}
			byType[spec.ResourceType][t.Key] = valueOr(t.Value, "")
		}
		if err := ec2state.CheckTags(byType[spec.ResourceType]); err != nil {
			return nil, err
		}
	}
	return byType, nil
}

func valueOr[T any](p *T, fallback T) T {
	if p == nil {
		return fallback
	}
	return *p
}

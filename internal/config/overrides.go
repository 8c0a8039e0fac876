package config

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// bindOverrides notes which keys each override sets, and where.
func (c *Config) bindOverrides() {
	names := namesIn(reflect.TypeFor[Override]())
	for i := range c.Overrides {
		o, at := &c.Overrides[i], fmt.Sprintf("overrides[%d]", i)
		o.line, o.set = c.lines[at].line, map[string]int{}
		for _, name := range names {
			if p, ok := c.lines[at+"."+name]; ok && name != "workers" {
				o.set[name] = p.line
			}
		}
	}
}

// matches tells whether a worker is meant.
func (o Override) matches(worker string) bool { return matchesAny(o.Workers, worker) }

// setting is what one worker's overrides say of one key.
type setting struct {
	value  any
	line   int
	worker string
}

// overrideFor puts the overrides of an image's workers into p. For each worker
// the last override counts; a key on which two workers don't agree is an error.
func (c *Config) overrideFor(p *Platform, workers []string) error {
	settings := map[string]setting{}
	var wrong problems
	for _, worker := range workers {
		for key, s := range c.settingsFor(worker) {
			first, taken := settings[key]
			if taken && !reflect.DeepEqual(first.value, s.value) {
				wrong.add(c.conflict(key, first, s))
				continue
			}
			settings[key] = s
		}
	}
	for key, s := range settings {
		p.set(key, s.value)
	}
	slices.SortFunc(wrong, func(a, b Problem) int { return strings.Compare(a.Key+a.Message, b.Key+b.Message) })
	return slices.CompactFunc(wrong, func(a, b Problem) bool { return a.Key == b.Key }).err()
}

func (c *Config) settingsFor(worker string) map[string]setting {
	settings := map[string]setting{}
	for _, o := range c.Overrides {
		if !o.matches(worker) {
			continue
		}
		for key, line := range o.set {
			settings[key] = setting{o.get(key), line, worker}
		}
	}
	return settings
}

func (c *Config) conflict(key string, a, b setting) Problem {
	return Problem{
		File: c.file, Line: b.line, Column: 1, Key: "overrides." + key,
		Message: fmt.Sprintf("workers %s and %s have the same image, but line %d and line %d set different values of %s",
			a.worker, b.worker, a.line, b.line, key),
		Hint: "let both lines say the same, or give one of the workers an image of its own",
	}
}

// get returns the value of a key.
func (o Override) get(key string) any {
	f := fieldsIn(reflect.TypeFor[Override]())[key]
	return reflect.ValueOf(o).FieldByIndex(f.Index).Interface()
}

// set gives a key of an override its value.
func (p *Platform) set(key string, value any) {
	switch key {
	case "instance_type":
		p.InstanceType = value.(string)
		return
	case "region":
		p.Region = value.(string)
		return
	}
	f := fieldsIn(reflect.TypeFor[Platform]())[key]
	reflect.ValueOf(p).Elem().FieldByIndex(f.Index).Set(reflect.ValueOf(value))
}

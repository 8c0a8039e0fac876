package config

import (
	"reflect"
	"slices"
	"strings"
	"time"
)

// Key is one key of the configuration, for a reference page.
type Key struct {
	Path    string // such as platforms.linux.user or overrides[].workers
	Type    string // text, list of texts, number, true or false, duration, mapping, list of mappings
	Doc     string
	Default string   // in words, "" for none
	Values  []string // all that are allowed, nil for any
	Flags   []string // that beat it, with their dashes
}

// Keys lists all keys in the order in which a reference page has them.
func Keys() []Key { return keysIn("", reflect.TypeFor[Config]()) }

func keysIn(path string, t reflect.Type) []Key {
	var keys []Key
	for f := range fields(t) {
		k := keyOf(path, f)
		keys = append(keys, k)
		elem := f.Type
		if elem.Kind() == reflect.Slice {
			elem = elem.Elem()
		}
		if elem.Kind() == reflect.Struct {
			keys = append(keys, keysIn(k.Path, elem)...)
		}
	}
	return keys
}

func keyOf(path string, f reflect.StructField) Key {
	k := Key{
		Path:    join(path, yamlName(f)),
		Type:    typeName(f.Type),
		Doc:     f.Tag.Get("doc"),
		Default: defaultOf(path, f),
		Values:  strings.Fields(f.Tag.Get("oneof")),
	}
	for flag := range strings.SplitSeq(f.Tag.Get("flag"), ", ") {
		if flag != "" && beats(flag, k.Path) {
			k.Flags = append(k.Flags, "--"+flag)
		}
	}
	if k.Type == "list of mappings" {
		k.Path += "[]"
	}
	return k
}

// defaultOf is a key's default; that of a static host's key is its platform's.
func defaultOf(path string, f reflect.StructField) string {
	if path != "static[]" {
		return f.Tag.Get("default")
	}
	_, ofPlatform := fieldsIn(reflect.TypeFor[Platform]())[yamlName(f)]
	switch {
	case !ofPlatform:
		return f.Tag.Get("default")
	case yamlName(f) == "host_key":
		return HostKeyKnownHosts
	}
	return "that of the platform"
}

// beats tells whether a flag is for the platform of a key. Flags speak of
// instances: what a static host's entry says itself holds.
func beats(flag, path string) bool {
	if strings.HasPrefix(path, "static[]") {
		return false
	}
	forWindows := strings.HasPrefix(flag, "windows-")
	forLinux := strings.HasPrefix(flag, "linux-") || flag == "ssh-user"
	switch {
	case strings.HasPrefix(path, "platforms.linux."):
		return !forWindows
	case strings.HasPrefix(path, "platforms.windows."):
		return !forLinux
	}
	return true
}

func typeName(t reflect.Type) string {
	switch {
	case t == reflect.TypeFor[time.Duration]():
		return "duration"
	case t == reflect.TypeFor[[]string]():
		return "text or list of texts"
	}
	switch t.Kind() {
	case reflect.String:
		return "text"
	case reflect.Int, reflect.Float64:
		return "number"
	case reflect.Bool:
		return "true or false"
	case reflect.Slice:
		return "list of mappings"
	}
	return "mapping"
}

// fields yields the fields of a struct that are keys, those of inlined structs
// among them with an index from the struct itself.
func fields(t reflect.Type) func(yield func(reflect.StructField) bool) {
	return func(yield func(reflect.StructField) bool) {
		for _, f := range reflect.VisibleFields(t) {
			if f.IsExported() && yamlName(f) != "" && !yield(f) {
				return
			}
		}
	}
}

// yamlName returns a field's key, "" if it has none.
func yamlName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
	if name == "-" {
		return ""
	}
	return name
}

func fieldsIn(t reflect.Type) map[string]reflect.StructField {
	byName := map[string]reflect.StructField{}
	for f := range fields(t) {
		byName[yamlName(f)] = f
	}
	return byName
}

func namesIn(t reflect.Type) []string {
	var names []string
	for f := range fields(t) {
		names = append(names, yamlName(f))
	}
	return names
}

// homesOf returns the sections that have a key of that name, "" for the top.
func homesOf(name string) []string {
	var homes []string
	for _, k := range Keys() {
		home, last := "", strings.TrimSuffix(k.Path, "[]")
		if i := strings.LastIndexByte(last, '.'); i >= 0 {
			home, last = strings.ReplaceAll(last[:i], "[]", ""), last[i+1:]
		}
		if last == name && !slices.Contains(homes, home) {
			homes = append(homes, home)
		}
	}
	return homes
}

package config

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/amirotate/amirotate/internal/spelling"
)

func (d *decoder) unknownKey(path, key string, at position, t reflect.Type) {
	place := ""
	if path != "" {
		place = " in " + path
	}
	p := d.problem(join(path, key), at, fmt.Sprintf("unknown key %.40q%s", key, place), unknownHint(key, namesIn(t)))
	d.problems.add(p.cutAfter(key))
}

// unknownHint looks for the key that was meant: one spelled alike, or one of
// that name in another section.
func unknownHint(key string, names []string) string {
	if near := spelling.Nearest(key, names); near != "" {
		return fmt.Sprintf("did you mean %s?", near)
	}
	if key == "<<" {
		return "merge keys are not understood, repeat the keys"
	}
	if homes := homesOf(key); len(homes) > 0 && homes[0] == "" {
		return fmt.Sprintf("%s belongs to the top level, without indent", key)
	} else if len(homes) > 0 {
		return fmt.Sprintf("%s belongs in %s", key, strings.Join(homes, " or "))
	}
	return "the keys here are " + strings.Join(names, ", ")
}

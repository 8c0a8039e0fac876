package config

import (
	"fmt"
	"reflect"
	"strings"
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
	if near := nearest(key, names); near != "" {
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

// nearest returns the name that differs least from what was written, or "" if
// none is like it.
func nearest(written string, names []string) string {
	best, least := "", len(written)/3+1
	for _, name := range names {
		if n := distance(plain(written), plain(name)); n <= least && (best == "" || n < least) {
			best, least = name, n
		}
	}
	return best
}

// plain drops what people mix up: case, "-" for "_" and a plural's s.
func plain(s string) string {
	return strings.TrimSuffix(strings.NewReplacer("-", "", "_", "").Replace(strings.ToLower(s)), "s")
}

// distance counts the bytes to insert, remove or replace (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

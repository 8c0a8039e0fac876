// Package spelling finds the name that is meant by one that is misspelt.
package spelling

import "strings"

// Nearest returns the name that a misspelt one is the beginning of, or else the
// one with the fewest other letters, at most a third of them and one. Case, "-"
// for "_" and a plural's s make a difference only where nothing else does; then
// the first name counts. "" if none is like it.
func Nearest(misspelt string, names []string) string {
	best, least, leastAsWritten := "", len(misspelt)/3+2, 0
	for _, name := range names {
		d, asWritten := distance(plain(misspelt), plain(name)), distance(misspelt, name)
		if len(misspelt) > 2 && strings.HasPrefix(name, misspelt) {
			d = 0
		}
		if d < least || d == least && best != "" && asWritten < leastAsWritten {
			best, least, leastAsWritten = name, d, asWritten
		}
	}
	return best
}

func plain(s string) string {
	return strings.TrimSuffix(strings.NewReplacer("-", "", "_", "").Replace(strings.ToLower(s)), "s")
}

// distance counts the letters to be inserted, removed or exchanged to make b
// of a (Levenshtein), two letters that changed places counting as one.
func distance(a, b string) int {
	before, prev := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := range len(a) {
		row := make([]int, len(b)+1)
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(row[j]+1, prev[j+1]+1, prev[j]+cost)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, prev = prev, row
	}
	return prev[len(b)]
}

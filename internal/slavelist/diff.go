package slavelist

import (
	"slices"
	"strings"

	"github.com/aymanbagabas/go-udiff"
)

const diffContext = 3 // lines around each difference, as in diff -u

// MaskedDiff returns the differences of two lists as a unified diff with stars
// for every password; "" if they don't differ otherwise.
func MaskedDiff(old, changed *List) string {
	before, after := string(old.Masked()), string(changed.Masked())
	edits := diffLines(before, after)
	diff, err := udiff.ToUnified(old.name, changed.name, before, edits, diffContext)
	if err != nil {
		panic(err) // the edits are of this very text
	}
	return diff
}

// diffLines compares texts of as many lines line by line, as a rewrite leaves
// them, which takes linear time whatever their length; others by their longest
// common subsequence.
func diffLines(before, after string) []udiff.Edit {
	old, changed := slices.Collect(strings.Lines(before)), slices.Collect(strings.Lines(after))
	if len(old) != len(changed) {
		return udiff.Lines(before, after)
	}
	var edits []udiff.Edit
	for i, start := 0, 0; i < len(old); {
		from, first := start, i
		for ; i < len(old) && old[i] != changed[i]; i++ {
			start += len(old[i])
		}
		if i > first {
			edits = append(edits, udiff.Edit{Start: from, End: start, New: strings.Join(changed[first:i], "")})
			continue
		}
		start += len(old[i])
		i++
	}
	return edits
}

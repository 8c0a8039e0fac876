package crashtest

import "strings"

// kindOf leaves the instance out of a point: "before RunInstances", "host at
// patch".
func kindOf(point string) string {
	if _, at, found := strings.Cut(point, " at "); found {
		return "host at " + at
	}
	return point
}

func count(kinds map[string]int) int {
	n := 0
	for _, k := range kinds {
		n += k
	}
	return n
}

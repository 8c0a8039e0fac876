package ui

import "regexp"

// digest is an MD5 or a SHA-256 in hex.
var digest = regexp.MustCompile(`\b(?:[0-9a-f]{64}|[0-9a-f]{32})\b`)

// shownOfDigest is how many of a digest's digits tell it from others at a glance.
const shownOfDigest = 8

// shortenDigests leaves the first digits of each digest in a text.
func shortenDigests(text string) string {
	return digest.ReplaceAllStringFunc(text, func(d string) string { return d[:shownOfDigest] + "…" })
}

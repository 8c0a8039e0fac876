package slavelist

import (
	"bytes"
	"unicode"
	"unicode/utf8"
)

const (
	idPrefix = "ami-"
	minID    = len(idPrefix) + 8
	maxID    = len(idPrefix) + 17
)

// IsImageID tells whether s is an AMI's id: "ami-" and 8 or 17 hex digits in
// lower case.
func IsImageID[T string | []byte](s T) bool {
	if len(s) != minID && len(s) != maxID || string(s[:len(idPrefix)]) != idPrefix {
		return false
	}
	for i := len(idPrefix); i < len(s); i++ {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// wholeIDs appends the image ids in text that aren't part of a longer word, as
// spans counted from the start of text.
func wholeIDs(dst []span, text []byte) []span {
	for at := 0; ; {
		n := bytes.Index(text[at:], []byte(idPrefix))
		if n < 0 {
			return dst
		}
		start := at + n
		at = start + len(idPrefix)
		for at < len(text) && isWordByte(text[at]) {
			at++
		}
		if IsImageID(text[start:at]) && !endsInWord(text[:start]) && !startsWithWord(text[at:]) {
			dst = append(dst, span{start, at})
		}
	}
}

type span struct{ start, end int }

func isWordByte(c byte) bool {
	return c == '-' || c == '_' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

func endsInWord(text []byte) bool {
	r, size := utf8.DecodeLastRune(text)
	return size > 0 && isWordRune(r)
}

func startsWithWord(text []byte) bool {
	r, size := utf8.DecodeRune(text)
	return size > 0 && isWordRune(r)
}

// isWordRune counts broken UTF-8 as a part of a word: what can't be read is
// left alone.
func isWordRune(r rune) bool {
	return r == '-' || r == '_' || r == utf8.RuneError || unicode.IsLetter(r) || unicode.IsDigit(r)
}

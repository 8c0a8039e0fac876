package config

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/token"
)

// maxConfiguration is the size, in bytes, up to which a configuration is looked
// at; a thousand overrides have less than a tenth of it.
const maxConfiguration = 4 << 20

// maxDepth is how many [ and { may stand inside each other. The parser takes
// very long over what nobody would write.
const maxDepth = 100

// fault is why a file is no text that can be parsed.
type fault struct {
	at            position
	message, hint string
}

// illegible finds what the parser would misread or take very long over, nil for
// nothing.
func illegible(data []byte) *fault {
	const save = "save the file as UTF-8"
	switch at := badUTF8(data); {
	case len(data) > maxConfiguration:
		return &fault{message: fmt.Sprintf("the file has more than %d MiB, too much for a configuration", maxConfiguration>>20), hint: "check the path"}
	case isUTF16(data):
		return &fault{message: "the file is UTF-16 text (PowerShell's > writes it)", hint: save}
	case at != position{}:
		return &fault{at, "what stands here is not UTF-8", save}
	}
	if at := tooDeep(string(data)); at != (position{}) {
		return &fault{at, fmt.Sprintf("more than %d brackets stand inside each other", maxDepth), "check the path: this is no configuration"}
	}
	return nil
}

func isUTF16(data []byte) bool {
	return bytes.HasPrefix(data, []byte{0xff, 0xfe}) || bytes.HasPrefix(data, []byte{0xfe, 0xff}) ||
		len(data) > 3 && (data[0] != 0 && data[1] == 0 && data[3] == 0 || data[0] == 0 && data[1] != 0 && data[2] == 0)
}

// badUTF8 returns where the first byte is that belongs to no character.
func badUTF8(data []byte) position {
	at := 0
	for at < len(data) {
		r, size := utf8.DecodeRune(data[at:])
		if r == utf8.RuneError && size == 1 {
			before := data[:at]
			line := bytes.LastIndexByte(before, '\n') + 1
			return position{bytes.Count(before, []byte("\n")) + 1, utf8.RuneCount(before[line:]) + 1}
		}
		at += size
	}
	return position{}
}

// tooDeep returns where the first bracket is that goes too deep. What makes the
// lexer panic the parser reports.
func tooDeep(text string) (at position) {
	defer func() {
		if recover() != nil {
			at = position{}
		}
	}()
	if strings.Count(text, "[")+strings.Count(text, "{") <= maxDepth {
		return position{}
	}
	depth := 0
	for _, t := range lexer.Tokenize(text) {
		switch t.Type {
		case token.SequenceStartType, token.MappingStartType:
			depth++
		case token.SequenceEndType, token.MappingEndType:
			depth--
		}
		if depth > maxDepth {
			return positionOf(t)
		}
	}
	return position{}
}

package cert

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strings"
)

// block is one PEM block with the line (1-based) of its BEGIN.
type block struct {
	label   string
	headers map[string]string
	der     []byte
	line    int
	end     int // line of its END
	longest int // characters in its longest base64 line
}

type pemFault struct {
	line   int
	reason string
	hint   string
}

const (
	beginMark = "-----BEGIN "
	endMark   = "-----END "
	dashes    = "-----"
)

const hintCopyAgain = "copy the file again, whole, from where it was made"

// splitLines cuts at LF and CRLF.
func splitLines(data []byte) []string {
	return strings.Split(strings.ReplaceAll(string(data), "\r\n", "\n"), "\n")
}

// markLabel returns the label of a BEGIN or END line.
func markLabel(line, mark string) (string, bool) {
	rest, ok := strings.CutPrefix(line, mark)
	if !ok {
		return "", false
	}
	return strings.CutSuffix(rest, dashes)
}

// scanPEM finds all blocks and ignores the text around them. Unlike
// encoding/pem it never skips a block that is damaged: it says where.
func scanPEM(data []byte) ([]block, *pemFault) {
	lines := splitLines(data)
	var blocks []block
	for i := 0; i < len(lines); i++ {
		line := strings.TrimRight(lines[i], " \t")
		label, ok := markLabel(line, beginMark)
		if !ok {
			if f := strayMark(line, i+1); f != nil {
				return nil, f
			}
			continue
		}
		b, next, f := scanBlock(lines, i, label)
		if f != nil {
			return nil, f
		}
		blocks = append(blocks, b)
		i = next
	}
	return blocks, nil
}

// strayMark finds what was meant as a BEGIN or END line and is none to OpenSSL.
func strayMark(line string, n int) *pemFault {
	trimmed := strings.TrimLeft(line, " \t")
	if !strings.HasPrefix(trimmed, "-") {
		return nil
	}
	if _, ok := markLabel(line, endMark); ok {
		return &pemFault{n, "an END without a BEGIN before it", hintCopyAgain}
	}
	if _, ok := markLabel(trimmed, beginMark); ok {
		return &pemFault{n, "the BEGIN is indented, so that OpenSSL does not see the block", "remove the white space at the start of the lines"}
	}
	bare := strings.Trim(trimmed, "- \t")
	if strings.HasPrefix(bare, "BEGIN ") || strings.HasPrefix(bare, "END ") {
		return &pemFault{n, fmt.Sprintf("%q does not have five dashes at both ends", shorten(trimmed)), "write it as " + dashes + bare + dashes}
	}
	return nil
}

// scanBlock reads the block whose BEGIN is lines[start] and returns it with the
// index of its END.
func scanBlock(lines []string, start int, label string) (block, int, *pemFault) {
	b := block{label: label, line: start + 1}
	i := start + 1
	b.headers, i = scanHeaders(lines, i)
	var body strings.Builder
	last := start
	for ; i < len(lines); i++ {
		line := strings.Trim(lines[i], " \t")
		if endLabel, ok := markLabel(line, endMark); ok {
			if endLabel != label {
				return b, i, &pemFault{i + 1, fmt.Sprintf("BEGIN %s of line %d ends with END %s", shorten(label), b.line, shorten(endLabel)), hintCopyAgain}
			}
			b.end = i + 1
			return decodeBody(b, body.String(), last+1, i)
		}
		if strings.HasPrefix(line, "-") {
			return b, i, &pemFault{i + 1, fmt.Sprintf("the %s block of line %d is cut short: %q stands where its END should", shorten(label), b.line, shorten(line)), hintCopyAgain}
		}
		if at := strings.IndexFunc(line, notBase64); at >= 0 {
			return b, i, &pemFault{i + 1, fmt.Sprintf("the %s block holds %q, which is not base64", shorten(label), firstRune(line[at:])), hintCopyAgain}
		}
		if line != "" {
			last = i
		}
		b.longest = max(b.longest, len(line))
		body.WriteString(line)
	}
	return b, i, &pemFault{b.line, fmt.Sprintf("the %s block that begins here has no END: the file is cut short", shorten(label)), hintCopyAgain}
}

func decodeBody(b block, body string, line, next int) (block, int, *pemFault) {
	der, err := base64.StdEncoding.DecodeString(body)
	switch {
	case err != nil:
		return b, next, &pemFault{line, fmt.Sprintf("the base64 of the %s block of line %d is damaged: %d characters are missing or too many", shorten(b.label), b.line, max(1, len(body)%4)), hintCopyAgain}
	case len(der) == 0:
		return b, next, &pemFault{b.line, fmt.Sprintf("the %s block is empty", shorten(b.label)), hintCopyAgain}
	}
	b.der = der
	return b, next, nil
}

// scanHeaders reads RFC 1421 headers, which only encrypted legacy keys have.
// They end at an empty line; a line with a colon can't be base64.
func scanHeaders(lines []string, i int) (map[string]string, int) {
	headers := map[string]string{}
	for ; i < len(lines); i++ {
		key, value, ok := strings.Cut(lines[i], ":")
		if !ok || strings.HasPrefix(lines[i], "-") {
			break
		}
		headers[strings.TrimSpace(key)] = strings.TrimSpace(value)
	}
	return headers, i
}

func notBase64(r rune) bool {
	return !(r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '+' || r == '/' || r == '=')
}

func firstRune(s string) string {
	for _, r := range s {
		return string(r)
	}
	return ""
}

// shorten keeps a stranger's text from flooding an error.
func shorten(s string) string {
	const limit = 60
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:limit], "") + "…"
}

// badText refuses text that a person reads as PEM and OpenSSL does not.
func badText(data []byte) (reason, hint string) {
	switch {
	case looksLikeUTF16(data):
		return "it is UTF-16 text, which OpenSSL does not read (PowerShell's > writes it)", "save it as ASCII: Set-Content -Encoding ascii"
	case bytes.HasPrefix(data, []byte("\xef\xbb\xbf"+beginMark)):
		return "it starts with a byte order mark, so that OpenSSL does not see the first block", "save it as ASCII, or as UTF-8 without the mark"
	case !bytes.Contains(data, []byte("\n")) && bytes.Contains(data, []byte(dashes+"\r")):
		return "its lines end with CR alone, which OpenSSL does not read", "convert it: tr '\\r' '\\n' <OLD >NEW"
	}
	return "", ""
}

func looksLikeUTF16(data []byte) bool {
	return bytes.HasPrefix(data, []byte{0xff, 0xfe}) || bytes.HasPrefix(data, []byte{0xfe, 0xff}) ||
		bytes.HasPrefix(data, []byte("-\x00-\x00-\x00")) || bytes.HasPrefix(data, []byte("\x00-\x00-\x00-"))
}

package remote

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/amirotate/amirotate/internal/verify"
)

// posixAnswer is what the script said.
type posixAnswer struct {
	files    []verify.File
	replaced []bool   // by file
	failed   []string // by file, the host's words
	found    []verify.File
	end      string // ok, refused or failed; "" when the answer broke off
	noise    string // what was said besides, before the answer began
}

// posixParser reads the marked lines and passes over all others.
type posixParser struct {
	answer   *posixAnswer
	encoding string // of the content that is being read, "" between contents
	content  []string
}

// parsePosix reads the script's output. Paths are those of the request, in
// order. What is not marked with the nonce counts as noise of the login.
func parsePosix(output []byte, nonce string, paths []string) (*posixAnswer, error) {
	a := &posixAnswer{
		files:    make([]verify.File, len(paths)),
		replaced: make([]bool, len(paths)),
		failed:   make([]string, len(paths)),
	}
	for i, p := range paths {
		a.files[i].Path = p
	}
	p := posixParser{answer: a}
	begun := false
	for line := range strings.Lines(string(output)) {
		line = strings.TrimRight(line, "\r\n")
		marked, ours := strings.CutPrefix(line, "amirotate:"+nonce+" ")
		switch {
		case ours:
			begun = true
			if err := p.marked(marked); err != nil {
				return nil, fmt.Errorf("cannot understand %q: %w", marked, err)
			}
		case p.encoding != "":
			p.content = append(p.content, line)
		case !begun && line != "" && len(a.noise) < 300:
			a.noise += line + "\n"
		}
	}
	a.noise = strings.TrimSpace(a.noise)
	return a, nil
}

func (p *posixParser) marked(line string) error {
	words := strings.Fields(line)
	if len(words) == 0 {
		return fmt.Errorf("nothing follows the mark")
	}
	switch kind, words := words[0], words[1:]; kind {
	case "begin":
		return nil
	case "end":
		if len(words) != 1 || !slices.Contains([]string{"ok", "refused", "failed"}, words[0]) {
			return fmt.Errorf("no such end")
		}
		p.answer.end = words[0]
		return nil
	case "found":
		return p.found(line)
	default:
		return p.about(kind, words)
	}
}

// about reads a line about one file.
func (p *posixParser) about(kind string, words []string) error {
	if len(words) == 0 {
		return fmt.Errorf("no number")
	}
	i, err := strconv.Atoi(words[0])
	if err != nil || i < 0 || i >= len(p.answer.files) {
		return fmt.Errorf("no such file number")
	}
	words = words[1:]
	f := &p.answer.files[i]
	switch kind {
	case "file":
		return readFileLine(f, words)
	case "content":
		if len(words) != 1 {
			return fmt.Errorf("no encoding")
		}
		p.encoding, p.content = words[0], nil
	case "close":
		f.Content, err = decode(p.encoding, strings.Join(p.content, ""))
		p.encoding, p.content = "", nil
		if err == nil {
			err = checkContent(f)
		}
		return err
	case "done":
		p.answer.replaced[i] = true
	case "fail":
		p.answer.failed[i] = strings.Join(words, " ")
	default:
		return fmt.Errorf("no such word")
	}
	return nil
}

func readFileLine(f *verify.File, words []string) error {
	if len(words) == 0 {
		return fmt.Errorf("no status")
	}
	switch f.Status = verify.Status(words[0]); f.Status {
	case verify.Missing:
		return nil
	case verify.Unreadable:
		f.Problem = strings.Join(words[1:], " ")
		return nil
	case verify.Present:
	default:
		return fmt.Errorf("no such status")
	}
	if len(words) != 6 {
		return fmt.Errorf("want six words, got %d", len(words))
	}
	var err error
	if f.Mode, err = octalMode(words[1]); err != nil {
		return err
	}
	f.Owner = words[2]
	if f.Size, err = strconv.ParseInt(words[3], 10, 64); err != nil {
		return fmt.Errorf("size: %w", err)
	}
	var ok5, ok256 bool
	f.MD5, ok5 = strings.CutPrefix(words[4], "md5:")
	f.SHA256, ok256 = strings.CutPrefix(words[5], "sha256:")
	if !ok5 || !ok256 {
		return fmt.Errorf("no digests")
	}
	return nil
}

func decode(encoding, text string) ([]byte, error) {
	switch encoding {
	case "base64":
		return base64.StdEncoding.DecodeString(text)
	case "hex":
		return hex.DecodeString(strings.Join(strings.Fields(text), ""))
	}
	return nil, fmt.Errorf("no such encoding %q", encoding)
}

// checkContent holds the bytes that arrived against the digests that the host
// made of them, and makes those that it could not make.
func checkContent(f *verify.File) error {
	got := verify.Of(f.Content)
	if f.Content == nil {
		f.Content = []byte{}
	}
	if f.MD5 != "" && f.MD5 != got.MD5 || f.SHA256 != "" && f.SHA256 != got.SHA256 {
		return fmt.Errorf("%s: the bytes that arrived have md5 %s and sha256 %s, and the host says md5 %q and sha256 %q",
			f.Path, got.MD5, got.SHA256, f.MD5, f.SHA256)
	}
	f.SHA256 = got.SHA256
	return nil
}

// octalMode turns the first column of ls into "0644".
func octalMode(column string) (string, error) {
	if len(column) < 10 {
		return "", fmt.Errorf("mode %q is too short", column)
	}
	var mode, special int
	for i, c := range column[1:10] {
		bit := 1 << (8 - i)
		switch c {
		case '-':
		case 'r', 'w', 'x':
			mode |= bit
		case 's', 't':
			mode |= bit
			special |= 4 >> (i / 3)
		case 'S', 'T':
			special |= 4 >> (i / 3)
		default:
			return "", fmt.Errorf("mode %q has a letter of an unknown kind", column)
		}
	}
	return fmt.Sprintf("%d%03o", special, mode), nil
}

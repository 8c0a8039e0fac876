package remote

import (
	"fmt"
	"strings"

	"github.com/amirotate/amirotate/internal/remote/scripts"
	"github.com/amirotate/amirotate/internal/verify"
)

// posixRequest composes what goes to the standard input of posixShell: the
// functions that say what to do, then the script, whose last line runs it.
func posixRequest(changes []verify.Change) string {
	var b strings.Builder
	b.WriteString("ar_files() {\n:\n")
	for i, c := range changes {
		fmt.Fprintf(&b, "\"$1\" %d %s", i, shellQuote(c.Path))
		if c.New != nil {
			want := verify.Of(c.New)
			fmt.Fprintf(&b, " %s %s", want.MD5, want.SHA256)
		}
		for _, old := range c.Old {
			fmt.Fprintf(&b, " %s:%s", old.MD5, old.SHA256)
		}
		b.WriteByte('\n')
	}
	b.WriteString("}\n")
	for i, c := range changes {
		fmt.Fprintf(&b, "ar_payload_%d() {\n:\n", i)
		writePayload(&b, c.New)
		b.WriteString("}\n")
	}
	writeWithoutComments(&b, scripts.POSIX)
	return b.String()
}

// writeWithoutComments leaves out the lines that are nothing but a comment.
func writeWithoutComments(w *strings.Builder, script string) {
	for line := range strings.Lines(script) {
		if !strings.HasPrefix(strings.TrimLeft(line, "\t "), "#") {
			w.WriteString(line)
		}
	}
}

// posixShell is what the login shell is given; any of them, from csh to fish,
// takes it as it stands.
const posixShell = "exec /bin/sh -s"

// posixArguments is the line before a script that gives it its arguments.
func posixArguments(mode, nonce string) string {
	return "set -- " + mode + " " + nonce + "\n"
}

// checkPath refuses what the script could not tell apart or must not guess.
func checkPath(path string) error {
	switch {
	case !strings.HasPrefix(path, "/"):
		return finalf("", "%q: the path must be absolute", path)
	case strings.ContainsAny(path, "\n\x00"):
		return finalf("", "%q: a path with a line break or a NUL is not supported", path)
	}
	return nil
}

// checkDigests refuses digests that are not plain hexadecimal, since they
// become words of a shell script.
func checkDigests(c verify.Change) error {
	for _, d := range c.Old {
		if strings.Trim(d.MD5+d.SHA256, "0123456789abcdef") != "" {
			return finalf("", "%s: the expected digest %q is not lower-case hexadecimal", c.Path, d.MD5+d.SHA256)
		}
	}
	return nil
}

func shellQuote(s string) string {
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// payloadLine is how many bytes of text stand in one statement at most.
const payloadLine = 1000

// writePayload writes the statements that print b: ar_put for text, one line of
// it each, and ar_oct for all other bytes.
func writePayload(w *strings.Builder, b []byte) {
	for len(b) > 0 {
		n := 0
		for n < len(b) && n < payloadLine && isText(b[n]) {
			n++
			if b[n-1] == '\n' {
				break
			}
		}
		if n > 0 {
			fmt.Fprintf(w, "ar_put %s\n", shellQuote(textEscapes.Replace(string(b[:n]))))
			b = b[n:]
			continue
		}
		w.WriteString("ar_oct")
		for n < len(b) && n < payloadLine && !isText(b[n]) {
			fmt.Fprintf(w, " %03o", b[n])
			n++
		}
		w.WriteByte('\n')
		b = b[n:]
	}
}

func isText(c byte) bool {
	return c >= ' ' && c < 0x7f || c == '\n' || c == '\r' || c == '\t'
}

// textEscapes are the escapes that printf %b and print have in common.
var textEscapes = strings.NewReplacer(`\`, `\\`, "\n", `\n`, "\r", `\r`, "\t", `\t`)

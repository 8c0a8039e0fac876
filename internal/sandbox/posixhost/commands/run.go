package commands

import (
	"io"
	"regexp"
	"strings"

	"github.com/amirotate/amirotate/internal/sandbox/posixhost/rootfs"
)

func trueCommand(*Process) int  { return 0 }
func falseCommand(*Process) int { return 1 }
func syncCommand(*Process) int  { return 0 }

// env runs a command in a changed environment.
func env(p *Process) int {
	opts, operands, ok := p.parse("+iu:", "ignore-environment:i", "unset=:u")
	if !ok {
		return 125
	}
	vars := append([]string(nil), p.Env...)
	if opts.has("i") {
		vars = nil
	}
	for _, o := range opts {
		if o.name == "u" {
			vars = without(vars, o.value)
		}
	}
	for len(operands) > 0 && strings.Contains(operands[0], "=") {
		name, _, _ := strings.Cut(operands[0], "=")
		vars = append(without(vars, name), operands[0])
		operands = operands[1:]
	}
	if len(operands) == 0 {
		return p.print(strings.Join(append(vars, ""), "\n"))
	}
	c := p.child(operands...)
	c.Env = vars
	return p.Run(c)
}

func without(vars []string, name string) []string {
	var kept []string
	for _, v := range vars {
		if !strings.HasPrefix(v, name+"=") {
			kept = append(kept, v)
		}
	}
	return kept
}

// sudo runs a command as root (or with -u as another user) if the user may do
// that without a password; there is nobody to type one.
func sudo(p *Process) int {
	opts, operands, ok := p.parse("+nu:EHSkKvs", "non-interactive:n", "user=:u")
	if !ok {
		return 1
	}
	if !p.FS.Cred.Root() && !MaySudo(p.FS.FS, p.System.Accounts.UserName(p.FS.Cred.UID)) {
		if opts.has("n") {
			return p.complain("a password is required")
		}
		return p.complain("no tty present and no askpass program specified")
	}
	name := "root"
	if n, given := opts.value("u"); given {
		name = n
	}
	account, found := p.System.Accounts.Named(name)
	if !found {
		return p.complain("unknown user: %s", name)
	}
	if len(operands) == 0 {
		if opts.has("v") || opts.has("k") || opts.has("K") {
			return 0
		}
		if !opts.has("s") {
			return p.complain("usage: sudo [-n] [-u user] command")
		}
		operands = []string{"/bin/sh"}
	}
	c := p.child(operands...)
	c.FS.Cred = p.System.Accounts.Cred(account)
	path := "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
	c.Env = append(without(without(without(without(p.Env, "PATH"), "USER"), "LOGNAME"), "SUDO_USER"),
		path, "USER="+name, "LOGNAME="+name, "SUDO_USER="+p.System.Accounts.UserName(p.FS.Cred.UID))
	return p.Run(c)
}

// MaySudo tells whether an image lets a user become root without a password: if
// it has a sudoers file, only by a line with NOPASSWD for the user, a group of
// the same name or everybody; if it has none, always.
func MaySudo(files *rootfs.FS, user string) bool {
	view := &rootfs.View{FS: files, Dir: "/"}
	content, err := readAll(view, "/etc/sudoers")
	if err != nil {
		return true
	}
	entries, _ := view.ReadDir("/etc/sudoers.d")
	for _, e := range entries {
		more, err := readAll(view, "/etc/sudoers.d/"+e.Name())
		if err == nil {
			content = append(append(content, '\n'), more...)
		}
	}
	rule := regexp.MustCompile(`(?m)^\s*(%?` + regexp.QuoteMeta(user) + `|ALL)\s[^#\n]*NOPASSWD:\s*ALL`)
	return rule.Match(content)
}

// xargs runs a command with words from standard input.
func xargs(p *Process) int {
	opts, operands, ok := p.parse("+0rn:I:t", "null:0", "no-run-if-empty:r")
	if !ok {
		return 1
	}
	if len(operands) == 0 {
		operands = []string{"echo"}
	}
	input, err := io.ReadAll(p.Stdin)
	if err != nil {
		return p.fault("-", err)
	}
	words := splitWords(string(input), opts)
	if len(words) == 0 && opts.has("r") {
		return 0
	}
	if mark, given := opts.value("I"); given {
		return p.xargsEach(operands, mark, words)
	}
	batch := max(1, len(words))
	if text, given := opts.value("n"); given {
		n, err := integer(text)
		if err != nil || n < 1 {
			return p.complain("invalid number %s for -n option", quoted(text))
		}
		batch = int(n)
	}
	status := 0
	for first := true; first || len(words) > 0; first = false {
		n := min(batch, len(words))
		status = max(status, p.xargsRun(append(append([]string{}, operands...), words[:n]...)))
		words = words[n:]
	}
	return status
}

func (p *Process) xargsEach(operands []string, mark string, words []string) int {
	status := 0
	for _, word := range words {
		args := make([]string, len(operands))
		for i, o := range operands {
			args[i] = strings.ReplaceAll(o, mark, word)
		}
		status = max(status, p.xargsRun(args))
	}
	return status
}

func (p *Process) xargsRun(args []string) int {
	c := p.child(args...)
	c.Stdin = strings.NewReader("")
	switch code := p.Run(c); {
	case code == 0, code == 126, code == 127:
		return code
	case code == 255:
		return 124
	}
	return 123
}

func splitWords(input string, opts options) []string {
	switch {
	case opts.has("0"):
		return strings.FieldsFunc(input, func(r rune) bool { return r == 0 })
	case opts.has("I"):
		return strings.FieldsFunc(input, func(r rune) bool { return r == '\n' })
	}
	var words []string
	var word strings.Builder
	inWord, quote := false, byte(0)
	for i := 0; i < len(input); i++ {
		c := input[i]
		switch {
		case quote != 0 && c == quote:
			quote = 0
		case quote != 0:
			word.WriteByte(c)
		case c == '\'' || c == '"':
			inWord, quote = true, c
		case c == '\\' && i+1 < len(input):
			i++
			inWord = true
			word.WriteByte(input[i])
		case strings.IndexByte(" \t\n", c) >= 0:
			if inWord {
				words = append(words, word.String())
				word.Reset()
				inWord = false
			}
		default:
			inWord = true
			word.WriteByte(c)
		}
	}
	if inWord {
		words = append(words, word.String())
	}
	return words
}

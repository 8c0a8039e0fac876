package shell

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"mvdan.cc/sh/v3/interp"
	"mvdan.cc/sh/v3/syntax"

	"github.com/amirotate/amirotate/internal/sandbox/posixhost/commands"
)

// hangUpGrace is how long (in real time) a trap for HUP may take.
const hangUpGrace = 5 * time.Second

// sh is the command sh: -c, -s, or a script's name, with options of set.
func (s *Shell) sh(p *commands.Process) int {
	args, set := p.Args[1:], []string(nil)
	fromString, fromStdin := false, false
options:
	for len(args) > 0 && len(args[0]) > 1 && (args[0][0] == '-' || args[0][0] == '+') {
		arg := args[0]
		args = args[1:]
		switch {
		case arg == "--":
			break options
		case arg == "--posix", arg == "--norc", arg == "--noprofile", arg == "--login":
			continue
		case arg[1] == 'o' && len(args) > 0:
			set, args = append(set, arg, args[0]), args[1:]
			continue
		}
		for _, letter := range arg[1:] {
			switch letter {
			case 'c':
				fromString = true
			case 's':
				fromStdin = true
			case 'l', 'i':
			default:
				set = append(set, arg[:1]+string(letter))
			}
		}
	}
	c := *p
	c.Env = p.Env
	run := func(name string, params []string, source io.Reader) int {
		return s.start(&c, name, params, func(prog *program) error {
			if len(set) > 0 {
				if err := interp.Params(set...)(prog.runner); err != nil {
					fmt.Fprintf(p.Stderr, "%s: %v\n", p.Args[0], err)
					return interp.ExitStatus(2)
				}
			}
			if source == nil {
				return prog.text(c.Ctx, prog.stdin)
			}
			return prog.text(c.Ctx, source)
		})
	}
	switch {
	case fromString && len(args) == 0:
		fmt.Fprintf(p.Stderr, "%s: -c requires an argument\n", p.Args[0])
		return 2
	case fromString:
		name, params := p.Args[0], args[1:]
		if len(params) > 0 {
			name, params = params[0], params[1:]
		}
		return run(name, params, strings.NewReader(args[0]))
	case fromStdin || len(args) == 0:
		if p.Stdin == nil {
			return 0
		}
		return run(p.Args[0], args, nil)
	}
	file, err := p.FS.Open(args[0])
	if err != nil {
		fmt.Fprintf(p.Stderr, "%s: cannot open %s: %v\n", p.Args[0], args[0], errors.Unwrap(err))
		return 127
	}
	defer file.Close()
	return run(args[0], args[1:], file)
}

// text runs a program as it arrives: each complete command before the next is
// read, so that a stream that is cut has run what came before the cut. As in
// dash, a here-document ends with the stream, if not before.
func (prog *program) text(ctx context.Context, source io.Reader) error {
	var seen bytes.Buffer
	done, last, err := prog.commands(ctx, io.TeeReader(source, &seen), 0)
	if delimiter, ok := unclosedHeredoc(err); ok {
		closed := strings.TrimSuffix(seen.String(), "\n") + "\n" + delimiter + "\n"
		_, last, err = prog.commands(ctx, strings.NewReader(closed), done)
	}
	if err != nil {
		fmt.Fprintf(prog.process.Stderr, "%s: %v\n", prog.name, err)
		return prog.exit(2)
	}
	return last
}

// commands runs the commands of a text but the first few. It returns how many
// have run by now, what the last ended with, and what was wrong with the text.
//
// The parser calls back once more after it was told to stop, which ends a range
// over it in a panic. So it is never told: its input ends instead.
func (prog *program) commands(ctx context.Context, source io.Reader, skip int) (done int, last, wrong error) {
	parser := syntax.NewParser(syntax.Variant(syntax.LangPOSIX))
	input := &endable{r: source}
	run := func(stmts []*syntax.Stmt, err error) (end bool) {
		if ctx.Err() != nil {
			last = ctx.Err()
			return true
		}
		if err != nil {
			wrong = err
			return true
		}
		if parser.Incomplete() {
			return false
		}
		for _, stmt := range stmts {
			if done++; done <= skip {
				continue
			}
			if err := prog.adapt(stmt); err != nil {
				wrong = err
				return true
			}
			last = prog.runner.Run(ctx, stmt)
			if prog.runner.Exited() || ctx.Err() != nil {
				return true
			}
		}
		return false
	}
	parser.InteractiveSeq(&newlineAtEnd{r: input})(func(stmts []*syntax.Stmt, err error) bool {
		if !input.ended {
			input.ended = run(stmts, err)
		}
		return true
	})
	return done, last, wrong
}

// endable is a reader that can be brought to its end.
type endable struct {
	r     io.Reader
	ended bool
}

func (e *endable) Read(p []byte) (int, error) {
	if e.ended {
		return 0, io.EOF
	}
	return e.r.Read(p)
}

// unclosedHeredoc tells whether a text ended in a here-document, and what would
// have closed it.
func unclosedHeredoc(err error) (delimiter string, ok bool) {
	var wrong syntax.ParseError
	if !errors.As(err, &wrong) {
		return "", false
	}
	m := heredocError.FindStringSubmatch(wrong.Text)
	if m == nil {
		return "", false
	}
	return m[1], true
}

// heredocError is the parser's message, which names the delimiter.
var heredocError = regexp.MustCompile("^unclosed here-document `(.*)`$")

// exit ends the shell with a status, its trap for EXIT included.
func (prog *program) exit(status int) error {
	return prog.statements(prog.process.Ctx, fmt.Sprintf("exit %d", status))
}

// adapt notes the functions that a statement defines and rewrites what the
// interpreter lacks: $0 outside a file, >|, which is > without a set -C, and
// backslashes in assignments, defaults and the subjects of case, which it takes
// for text. The error is about what it cannot do at all.
func (prog *program) adapt(node syntax.Node) (err error) {
	syntax.Walk(node, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.FuncDecl:
			if n.Name != nil {
				prog.functions.Store(n.Name.Value, true)
			}
		case *syntax.ParamExp:
			if n.Param != nil && n.Param.Value == "0" {
				n.Param.Value = nameVar
			}
		case *syntax.Assign:
			unescape(n.Value)
		case *syntax.CaseClause:
			unescape(n.Word)
		case *syntax.Redirect:
			if n.Op == syntax.RdrClob {
				n.Op = syntax.RdrOut
			}
		case *syntax.Subshell, *syntax.CmdSubst:
			if trapsExit(n) {
				err = errors.New("a trap for EXIT in a subshell cannot be had in this sandbox")
			}
		}
		return true
	})
	return err
}

// unescape puts what follows a backslash outside quotes within quotes instead.
func unescape(w *syntax.Word) {
	if w == nil {
		return
	}
	var parts []syntax.WordPart
	for _, part := range w.Parts {
		lit, ok := part.(*syntax.Lit)
		if !ok {
			parts = append(parts, part)
			continue
		}
		before, rest, escaped := strings.Cut(lit.Value, `\`)
		parts = append(parts, &syntax.Lit{Value: before})
		for escaped && rest != "" {
			_, size := utf8.DecodeRuneInString(rest)
			switch rest[0] {
			case '\n': // a line goes on
			case '\'':
				parts = append(parts, &syntax.DblQuoted{Parts: []syntax.WordPart{&syntax.Lit{Value: "'"}}})
			default:
				parts = append(parts, &syntax.SglQuoted{Value: rest[:size]})
			}
			before, rest, escaped = strings.Cut(rest[size:], `\`)
			parts = append(parts, &syntax.Lit{Value: before})
		}
	}
	w.Parts = parts
}

// trapsExit tells whether there is a trap for EXIT with an action below a node.
func trapsExit(node syntax.Node) bool {
	found := false
	syntax.Walk(node, func(n syntax.Node) bool {
		if call, ok := n.(*syntax.CallExpr); ok && len(call.Args) > 2 && call.Args[0].Lit() == "trap" && call.Args[1].Lit() != "-" {
			for _, signal := range call.Args[2:] {
				found = found || signal.Lit() == "EXIT" || signal.Lit() == "0"
			}
		}
		return true
	})
	return found
}

// newlineAtEnd ends the last line if the stream does not: a command without a
// newline is a command too.
type newlineAtEnd struct {
	r    io.Reader
	last byte
	done bool
}

func (n *newlineAtEnd) Read(p []byte) (int, error) {
	if n.done {
		return 0, io.EOF
	}
	k, err := n.r.Read(p)
	if k > 0 {
		n.last = p[k-1]
		return k, nil
	}
	if err != nil {
		n.done = true
		if n.last != '\n' && n.last != 0 && len(p) > 0 {
			p[0] = '\n'
			return 1, nil
		}
		return 0, io.EOF
	}
	return 0, nil
}

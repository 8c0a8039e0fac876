package shell

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"strings"
	"sync"

	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/interp"
	"mvdan.cc/sh/v3/syntax"

	"github.com/amirotate/amirotate/internal/sandbox/posixhost/commands"
	"github.com/amirotate/amirotate/internal/sandbox/posixhost/rootfs"
)

// Variables of a shell in which this package keeps what the interpreter has no
// place for. They are copied into subshells with all others, which is how POSIX
// wants umask and traps to behave.
const (
	umaskVar = "_sandbox_umask"
	hangVar  = "_sandbox_trap_HUP"
	nameVar  = "_sandbox_name" // $0
)

// nowhere is a directory that the interpreter may believe its temporary files
// to be in: no file can be made there.
const nowhere = "/dev/null/none"

// Shell runs commands on one system. It is safe for concurrent use.
type Shell struct {
	system   *commands.System
	commands map[string]commands.Command
	running  sync.WaitGroup
}

// New returns the shell of a system.
func New(system *commands.System) *Shell {
	s := &Shell{system: system, commands: commands.All()}
	maps.Copy(s.commands, system.Own)
	s.commands["sh"] = s.sh
	for _, name := range []string{"bash", "dash"} {
		s.commands[name] = s.sh
	}
	return s
}

// Wait returns when no command runs any more; cancel their contexts first.
func (s *Shell) Wait() { s.running.Wait() }

// program is a shell that runs: what /bin/sh was called with.
type program struct {
	shell     *Shell
	process   *commands.Process
	runner    *interp.Runner
	name      string   // $0
	functions sync.Map // names of functions that any part of the program defines
	stdin     *os.File // nil for none
}

// Command runs a command line as sh -c does.
func (s *Shell) Command(p *commands.Process, line string) int {
	return s.start(p, "sh", nil, func(prog *program) error {
		return prog.text(p.Ctx, strings.NewReader(line))
	})
}

// Program runs commands from standard input, as a login shell without a terminal.
func (s *Shell) Program(p *commands.Process) int {
	return s.start(p, "sh", nil, func(prog *program) error {
		return prog.text(p.Ctx, prog.stdin)
	})
}

// start makes a shell for a process and runs it to its end, its traps and its
// background jobs included.
func (s *Shell) start(p *commands.Process, name string, params []string, run func(*program) error) int {
	s.running.Add(1)
	defer s.running.Done()
	stdin, closeStdin, err := asFile(p.Stdin)
	if err != nil {
		fmt.Fprintf(p.Stderr, "sh: %v\n", err)
		return 126
	}
	defer closeStdin()
	prog := &program{shell: s, process: p, name: name, stdin: stdin}
	if prog.runner, err = prog.newRunner(params); err != nil {
		fmt.Fprintf(p.Stderr, "sh: %v\n", err)
		return 2
	}
	return prog.finish(run(prog))
}

// asFile makes a file of a reader, since the interpreter shares its standard
// input among the commands that it runs.
func asFile(r io.Reader) (*os.File, func(), error) {
	if r == nil {
		return nil, func() {}, nil
	}
	if file, ok := r.(*os.File); ok {
		return file, func() {}, nil
	}
	pr, pw, err := os.Pipe()
	if err != nil {
		return nil, nil, fmt.Errorf("cannot open a pipe: %w", err)
	}
	go func() {
		io.Copy(pw, r)
		pw.Close()
	}()
	return pr, func() { pr.Close() }, nil
}

func (prog *program) newRunner(params []string) (*interp.Runner, error) {
	p := prog.process
	defaults := []string{"PATH=/usr/local/bin:/usr/bin:/bin", "HOME=/", "UID=", "EUID=", "GID="}
	env := append(append(defaults, p.Env...), "TMPDIR="+nowhere)
	options := []interp.RunnerOption{
		interp.Env(expand.ListEnviron(env...)),
		interp.Dir("/"),
		interp.OpenHandler(prog.open),
		interp.ReadDirHandler2(prog.readDir),
		interp.StatHandler(prog.stat),
		interp.AccessHandler(prog.access),
		interp.CallHandler(prog.call),
		interp.ExecHandlers(func(interp.ExecHandlerFunc) interp.ExecHandlerFunc { return prog.exec }),
		interp.Params(append([]string{"--"}, params...)...),
	}
	if prog.stdin != nil {
		options = append(options, interp.StdIO(prog.stdin, p.Stdout, p.Stderr))
	} else {
		options = append(options, interp.StdIO(nil, p.Stdout, p.Stderr))
	}
	runner, err := interp.New(options...)
	if err != nil {
		return nil, err
	}
	runner.Dir = p.FS.Dir // interp.Dir would look for it on the machine
	if err := prog.setUp(runner); err != nil {
		return nil, err
	}
	return runner, nil
}

// setUp gives the shell its own variables and takes away those that only kept
// the interpreter from asking the machine.
func (prog *program) setUp(runner *interp.Runner) error {
	lines := []string{
		fmt.Sprintf("%s=%04o", umaskVar, prog.process.FS.Umask),
		nameVar + "=" + quote(prog.name),
		"unset UID EUID GID TMPDIR",
	}
	home := false
	for _, pair := range prog.process.Env {
		if value, ok := strings.CutPrefix(pair, "TMPDIR="); ok {
			lines = append(lines, "export TMPDIR="+quote(value))
		}
		home = home || strings.HasPrefix(pair, "HOME=")
	}
	if !home {
		lines = append(lines, "unset HOME")
	}
	file, err := syntax.NewParser(syntax.Variant(syntax.LangPOSIX)).Parse(strings.NewReader(strings.Join(lines, "\n")), "")
	if err != nil {
		return err
	}
	for _, stmt := range file.Stmts {
		if err := runner.Run(context.Background(), stmt); err != nil {
			return err
		}
	}
	return nil
}

// quote makes one word of s, without a backslash of its own: see unescape.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'"'"'`) + "'" }

// finish runs the traps that are due and waits for background jobs; err is what
// the last command ended with.
func (prog *program) finish(err error) int {
	ctx := prog.process.Ctx
	switch {
	case ctx.Err() == nil:
		if !prog.runner.Exited() {
			err = prog.statements(ctx, "exit")
		}
	case errors.Is(context.Cause(ctx), ErrKilled):
		err = interp.ExitStatus(137)
	case !prog.runner.Exited() || errors.Is(err, ctx.Err()):
		err = prog.hangUp()
	}
	prog.statements(context.Background(), "wait")
	return prog.statusOf(err)
}

// ErrKilled is the cause of a context whose processes end without traps.
var ErrKilled = errors.New("killed")

// hangUp does what the trap for HUP says; without one the shell just ends.
func (prog *program) hangUp() error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(prog.process.Ctx), hangUpGrace)
	defer cancel()
	trap := prog.runner.Vars[hangVar].String()
	if trap == "" {
		return interp.ExitStatus(129)
	}
	return prog.statements(ctx, trap+"\nexit")
}

// statements runs source in the shell, after the program itself.
func (prog *program) statements(ctx context.Context, source string) error {
	file, err := syntax.NewParser(syntax.Variant(syntax.LangPOSIX)).Parse(strings.NewReader(source), "")
	if err != nil {
		return interp.ExitStatus(2)
	}
	for _, stmt := range file.Stmts {
		if err = prog.runner.Run(ctx, stmt); prog.runner.Exited() {
			return err
		}
	}
	return err
}

func (prog *program) statusOf(err error) int {
	if err == nil {
		return 0
	}
	if status, ok := errors.AsType[interp.ExitStatus](err); ok {
		return int(status)
	}
	if prog.process.Ctx.Err() != nil {
		return 129
	}
	fmt.Fprintf(prog.process.Stderr, "%s: %v\n", prog.name, err)
	return 2
}

// view returns the files as the shell sees them at this moment.
func (prog *program) view(hc interp.HandlerContext) *rootfs.View {
	v := *prog.process.FS
	v.Dir = hc.Dir
	if mask, ok := commands.Umask(hc.Env.Get(umaskVar).String(), v.Umask); ok {
		v.Umask = mask
	}
	return &v
}

package shell

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"syscall"
	"time"

	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/interp"

	"github.com/amirotate/amirotate/internal/sandbox/posixhost/commands"
	"github.com/amirotate/amirotate/internal/sandbox/posixhost/rootfs"
)

func (prog *program) open(ctx context.Context, name string, flag int, perm os.FileMode) (io.ReadWriteCloser, error) {
	prog.shell.running.Add(1)
	defer prog.shell.running.Done()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	hc := interp.HandlerCtx(ctx)
	switch name {
	case "/dev/stdout":
		return streamFile{Writer: hc.Stdout}, nil
	case "/dev/stderr":
		return streamFile{Writer: hc.Stderr}, nil
	case "/dev/stdin":
		return streamFile{Reader: hc.Stdin}, nil
	}
	file, err := prog.view(hc).OpenFile(name, flag, 0o666)
	if err != nil {
		return nil, err
	}
	if info, err := file.Stat(); err == nil && info.IsDir() {
		file.Close()
		return nil, &fs.PathError{Op: "open", Path: name, Err: syscall.EISDIR}
	}
	return file, nil
}

// streamFile is a standard stream that is opened by name.
type streamFile struct {
	io.Reader
	io.Writer
}

func (streamFile) Close() error { return nil }

func (prog *program) readDir(ctx context.Context, name string) ([]fs.DirEntry, error) {
	return prog.view(interp.HandlerCtx(ctx)).ReadDir(name)
}

func (prog *program) stat(ctx context.Context, name string, follow bool) (fs.FileInfo, error) {
	if follow {
		return prog.view(interp.HandlerCtx(ctx)).Stat(name)
	}
	return prog.view(interp.HandlerCtx(ctx)).Lstat(name)
}

func (prog *program) access(ctx context.Context, name string, mode interp.AccessMode) error {
	return prog.view(interp.HandlerCtx(ctx)).Access(name, fs.FileMode(mode))
}

// exec runs what is neither a function nor a builtin of the interpreter.
func (prog *program) exec(ctx context.Context, args []string) error {
	prog.shell.running.Add(1)
	defer prog.shell.running.Done()
	if err := ctx.Err(); err != nil {
		return err
	}
	hc := interp.HandlerCtx(ctx)
	name, ours := strings.CutPrefix(args[0], oursPrefix)
	if ours {
		if builtin, ok := builtins()[name]; ok {
			return builtin(prog, ctx, hc, args[1:])
		}
	}
	p := prog.child(ctx, hc, append([]string{name}, args[1:]...))
	stop := context.AfterFunc(ctx, func() {
		if file, ok := p.Stdin.(*os.File); ok {
			file.SetReadDeadline(time.Unix(1, 0))
		}
	})
	defer stop()
	status := 0
	if command := prog.shell.commands[name]; ours && command != nil {
		status = command(p)
	} else {
		status = prog.shell.Run(p)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if status == commands.StatusPipe && ours {
		return hc.Builtin(ctx, []string{"exit", fmt.Sprint(status)}) // a builtin that meets SIGPIPE ends its shell
	}
	return exitStatus(status)
}

func exitStatus(status int) error {
	if status == 0 {
		return nil
	}
	return interp.ExitStatus(uint8(status))
}

// child is the process of a command that the shell runs.
func (prog *program) child(ctx context.Context, hc interp.HandlerContext, args []string) *commands.Process {
	p := *prog.process
	p.Ctx, p.Args, p.FS = ctx, args, prog.view(hc)
	p.Stdin, p.Stdout, p.Stderr = hc.Stdin, hc.Stdout, hc.Stderr
	if p.Stdin == nil {
		p.Stdin = strings.NewReader("")
	}
	p.Run = prog.shell.Run
	p.Env = exported(hc.Env)
	return &p
}

// exported returns the environment of a shell's commands. Each names a variable
// once for every scope that has it, the innermost last.
func exported(env expand.Environ) []string {
	values := make(map[string]string)
	env.Each(func(name string, v expand.Variable) bool {
		if v.Exported && v.IsSet() && v.Kind == expand.String {
			values[name] = v.String()
		} else {
			delete(values, name)
		}
		return true
	})
	var pairs []string
	for _, name := range slices.Sorted(maps.Keys(values)) {
		pairs = append(pairs, name+"="+values[name])
	}
	return pairs
}

// Run finds a command as execvp(3) does, runs it and returns its status.
func (s *Shell) Run(p *commands.Process) int {
	p.Run = s.Run
	where, err := s.lookUp(p.FS, getPath(p.Env), p.Args[0])
	if err != nil {
		fmt.Fprintf(p.Stderr, "sh: %s: %s\n", p.Args[0], describe(err))
		if errors.Is(err, fs.ErrPermission) {
			return 126
		}
		return 127
	}
	if command := s.commands[path.Base(where)]; command != nil && isBin(path.Dir(where)) {
		c := *p
		c.Args = append([]string{path.Base(where)}, p.Args[1:]...)
		return command(&c)
	}
	return s.script(p, where)
}

func describe(err error) string {
	if errors.Is(err, fs.ErrPermission) {
		return "Permission denied"
	}
	return "not found"
}

// script runs a file by its first line, as a kernel does.
func (s *Shell) script(p *commands.Process, where string) int {
	file, err := p.FS.Open(where)
	if err != nil {
		fmt.Fprintf(p.Stderr, "sh: %s: %s\n", where, "Permission denied")
		return 126
	}
	head := make([]byte, 256)
	n, _ := io.ReadFull(file, head)
	file.Close()
	line, _, _ := strings.Cut(string(head[:n]), "\n")
	c := *p
	switch interpreter, isScript := strings.CutPrefix(line, "#!"); {
	case isScript:
		c.Args = append(append(strings.Fields(interpreter), where), p.Args[1:]...)
	case strings.IndexByte(line, 0) >= 0 || strings.HasPrefix(line, "\x7fELF"):
		fmt.Fprintf(p.Stderr, "sh: %s: programs cannot run in this sandbox, only shell scripts can\n", where)
		return 126
	default:
		c.Args = append([]string{"/bin/sh", where}, p.Args[1:]...)
	}
	if path.Base(c.Args[0]) == "env" && len(c.Args) > 1 {
		c.Args = c.Args[1:]
	}
	if s.commands[path.Base(c.Args[0])] == nil {
		fmt.Fprintf(p.Stderr, "sh: %s: %s: bad interpreter: No such file or directory\n", where, c.Args[0])
		return 126
	}
	return s.Run(&c)
}

// getPath returns PATH, or where execvp(3) looks without one.
func getPath(env []string) string {
	value := "/bin:/usr/bin"
	for _, pair := range env {
		if v, ok := strings.CutPrefix(pair, "PATH="); ok {
			value = v
		}
	}
	return value
}

func isBin(dir string) bool {
	switch dir {
	case "/bin", "/usr/bin", "/sbin", "/usr/sbin":
		return true
	}
	return false
}

// lookUp returns the path of a command. The utilities of package commands are
// in /usr/bin and /bin, whatever the image has there.
func (s *Shell) lookUp(view *rootfs.View, searchPath, name string) (string, error) {
	if strings.Contains(name, "/") {
		where := view.Abs(name)
		if s.commands[path.Base(where)] != nil && isBin(path.Dir(where)) {
			return where, nil
		}
		return where, executable(view, where)
	}
	var denied error
	for dir := range strings.SplitSeq(searchPath, ":") {
		where := view.Abs(dir + "/" + name)
		if dir == "" {
			where = view.Abs(name)
		}
		if s.commands[name] != nil && (path.Dir(where) == "/usr/bin" || path.Dir(where) == "/bin") {
			return where, nil
		}
		err := executable(view, where)
		if err == nil {
			return where, nil
		}
		if errors.Is(err, fs.ErrPermission) {
			denied = err
		}
	}
	if denied != nil {
		return "", denied
	}
	return "", fs.ErrNotExist
}

func executable(view *rootfs.View, where string) error {
	info, err := view.Stat(where)
	if err != nil {
		return err
	}
	if info.IsDir() {
		return fs.ErrPermission
	}
	return view.Access(where, rootfs.Exec)
}

package crashtest

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"unsafe"
)

// tracer runs the program one system call at a time, from the one on that opens
// a certain file.
type tracer struct {
	output string // file for what the program prints
	opens  string // a part of that file's name
	calls  int    // system calls since then, but for those of Go's scheduler
	armed  bool
	at     func(call int) (kill bool) // asked before each of them
}

// Flags of ptrace and wait4 that package syscall lacks; ptrace(2), wait(2).
const (
	ptraceExitKill       = 0x100000
	ptraceGetSyscallInfo = 0x420e
	waitAll              = 0x40000000 // __WALL
	syscallEntry         = 1
)

// syscallInfo is the kernel's struct ptrace_syscall_info at an entry.
type syscallInfo struct {
	op     uint8
	_      [3]byte
	arch   uint32
	ip, sp uint64
	nr     uint64
	args   [6]uint64
	_      [8]byte
}

// scheduling are calls by which Go's runtime runs goroutines and memory.
var scheduling = map[uint64]bool{
	syscall.SYS_FUTEX: true, syscall.SYS_EPOLL_PWAIT: true, syscall.SYS_EPOLL_CTL: true, syscall.SYS_NANOSLEEP: true,
	syscall.SYS_MADVISE: true, syscall.SYS_MMAP: true, syscall.SYS_MUNMAP: true, syscall.SYS_SCHED_YIELD: true,
	syscall.SYS_RT_SIGPROCMASK: true, syscall.SYS_RT_SIGRETURN: true, syscall.SYS_RT_SIGACTION: true, syscall.SYS_SIGALTSTACK: true,
	syscall.SYS_TGKILL: true, syscall.SYS_GETPID: true, syscall.SYS_GETTID: true, syscall.SYS_CLONE: true, syscall.SYS_CLOCK_GETTIME: true,
}

// run runs a command to its end and returns its exit code, -1 if it was killed.
func (tr *tracer) run(t *testing.T, args, env []string) int {
	t.Helper()
	runtime.LockOSThread() // a tracer is a thread
	defer runtime.UnlockOSThread()
	out, err := os.Create(tr.output)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	pid, err := syscall.ForkExec(args[0], args, &syscall.ProcAttr{
		Dir: filepath.Dir(tr.output), Env: env, Files: []uintptr{0, out.Fd(), out.Fd()}, Sys: &syscall.SysProcAttr{Ptrace: true, Setpgid: true}})
	if err != nil {
		t.Fatalf("cannot trace the program: %v", err)
	}
	var status syscall.WaitStatus
	if _, err := syscall.Wait4(pid, &status, waitAll, nil); err != nil {
		t.Fatal(err)
	}
	if err := syscall.PtraceSetOptions(pid, syscall.PTRACE_O_TRACESYSGOOD|syscall.PTRACE_O_TRACECLONE|ptraceExitKill); err != nil {
		t.Fatal(err)
	}
	return tr.follow(t, pid)
}

// follow lets all threads go from one system call to the next.
func (tr *tracer) follow(t *testing.T, pid int) int {
	t.Helper()
	thread, deliver := pid, 0
	for {
		_ = syscall.PtraceSyscall(thread, deliver) // it may be gone
		var status syscall.WaitStatus
		var err error
		thread, err = syscall.Wait4(-pid, &status, waitAll, nil) // its group: other children are other tests'
		if err != nil {
			t.Fatalf("cannot wait for the program: %v", err)
		}
		deliver = 0
		switch {
		case status.Exited() || status.Signaled():
			if thread == pid {
				return status.ExitStatus()
			}
		case status.StopSignal() == syscall.SIGTRAP|0x80:
			if tr.enters(thread) && tr.at(tr.calls) {
				_ = syscall.Kill(pid, syscall.SIGKILL)
			}
		case status.StopSignal() != syscall.SIGTRAP && status.StopSignal() != syscall.SIGSTOP:
			deliver = int(status.StopSignal())
		}
	}
}

// enters tells whether a thread is about to make a call that counts.
func (tr *tracer) enters(thread int) bool {
	var info syscallInfo
	_, _, errno := syscall.Syscall6(syscall.SYS_PTRACE, ptraceGetSyscallInfo, uintptr(thread), unsafe.Sizeof(info), uintptr(unsafe.Pointer(&info)), 0, 0)
	if errno != 0 || info.op != syscallEntry || scheduling[info.nr] {
		return false
	}
	if !tr.armed {
		tr.armed = info.nr == syscall.SYS_OPENAT && strings.Contains(filepath.Base(text(thread, uintptr(info.args[1]))), tr.opens)
	}
	if tr.armed {
		tr.calls++
	}
	return tr.armed
}

// text reads a C string of a thread's memory.
func text(thread int, address uintptr) string {
	buffer := make([]byte, 4096)
	n, err := syscall.PtracePeekData(thread, address, buffer[:256])
	if err != nil {
		return ""
	}
	s, _, _ := bytes.Cut(buffer[:n], []byte{0})
	return string(s)
}

// traced runs a command of the farm's under a tracer.
func (s *scene) traced(t *testing.T, opens string, at func(call int) (kill bool), args ...string) (code, calls int) {
	t.Helper()
	v := s.command(args...)
	tr := &tracer{output: filepath.Join(t.TempDir(), "output"), opens: opens, at: at}
	code = tr.run(t, append([]string{program}, v.cmd.Args[1:]...), v.cmd.Env)
	if code != 0 && code != -1 && code != 4 {
		out, _ := os.ReadFile(tr.output)
		t.Errorf("%v ended with exit code %d\n%s", args, code, out)
	}
	return code, tr.calls
}

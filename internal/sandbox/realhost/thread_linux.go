package realhost

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// thread is an operating system thread that lives in a network namespace of its
// own. What it starts dies with it, and so with the process.
type thread struct {
	ns    *os.File // the namespace
	calls chan func()
	quit  chan struct{}
}

var errNetworkClosed = errors.New("the network was closed")

func newThread() (*thread, error) {
	t := &thread{calls: make(chan func()), quit: make(chan struct{})}
	ready := make(chan error)
	go func() {
		// Never unlocked: the thread ends with this goroutine.
		runtime.LockOSThread()
		err := unix.Unshare(unix.CLONE_NEWNET)
		if err == nil {
			t.ns, err = os.Open("/proc/thread-self/ns/net")
		}
		ready <- err
		for {
			select {
			case f := <-t.calls:
				f()
			case <-t.quit:
				return
			}
		}
	}()
	if err := <-ready; err != nil {
		close(t.quit)
		return nil, fmt.Errorf("cannot make a network namespace: %w", err)
	}
	return t, nil
}

// start starts a command that is killed when the thread ends.
func (t *thread) start(cmd *exec.Cmd) error {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
	started := make(chan error, 1)
	select {
	case t.calls <- func() { started <- cmd.Start() }:
		return <-started
	case <-t.quit:
		return errNetworkClosed
	}
}

// run runs a command in the namespace; an error holds what it printed.
func (t *thread) run(cmd *exec.Cmd) error {
	out := &tail{limit: 4 << 10}
	cmd.Stdout, cmd.Stderr = out, out
	err := t.start(cmd)
	if err == nil {
		err = cmd.Wait()
	}
	if err != nil {
		return fmt.Errorf("%s: %w: %s", cmd.Path, err, out.bytes())
	}
	return nil
}

// within runs f on another thread of the namespace. A socket that f makes
// belongs to the namespace, whoever uses it.
func (t *thread) within(f func() error) error {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // never unlocked: nobody else is to run in there
		err := unix.Setns(int(t.ns.Fd()), unix.CLONE_NEWNET)
		if err == nil {
			err = f()
		}
		done <- err
	}()
	return <-done
}

// end lets the thread end, and kills what it started. It may be called once.
func (t *thread) end() error {
	close(t.quit)
	return t.ns.Close()
}

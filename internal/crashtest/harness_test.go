package crashtest

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"testing"
)

// program is the real binary, built once.
var program string

// sideBySide is how many tests run at once on each core: they mostly wait.
const sideBySide = 3

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "amirotate-crash-")
	if err == nil {
		program = filepath.Join(dir, "amirotate")
		var out []byte
		if out, err = exec.Command("go", "build", "-o", program, "github.com/amirotate/amirotate/cmd/amirotate").CombinedOutput(); err != nil {
			err = fmt.Errorf("%w\n%s", err, out)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "cannot build the program:", err)
		os.Exit(1)
	}
	flag.Parse()
	if f := flag.Lookup("test.parallel"); f.Value.String() == strconv.Itoa(runtime.GOMAXPROCS(0)) {
		_ = f.Value.Set(strconv.Itoa(sideBySide * runtime.GOMAXPROCS(0))) // a number
	}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// killer counts the points that a farm passes and sends a signal at one of them.
type killer struct {
	mu     sync.Mutex
	counts func(point string) bool // which points are any; nil: all
	passed int
	target int // 0: none
	signal syscall.Signal
	victim *victim
	struck string // the point at which the signal was sent
}

// victim is a running program.
type victim struct {
	cmd    *exec.Cmd
	ended  chan struct{}
	output bytes.Buffer
}

// observe is called by the sandbox at each point, and holds the sandbox up
// until a killed program is gone: nothing that it did later can count.
func (k *killer) observe(point string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.counts != nil && !k.counts(point) {
		return
	}
	k.passed++
	if k.passed != k.target || k.victim == nil {
		return
	}
	k.struck = point
	_ = k.victim.cmd.Process.Signal(k.signal)
	if k.signal == syscall.SIGKILL {
		<-k.victim.ended
	}
}

// aim starts the victim; no point passes before it is known.
func (k *killer) aim(v *victim, target int, signal syscall.Signal) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.passed, k.struck, k.victim, k.target, k.signal = 0, "", v, target, signal
	return v.cmd.Start()
}

// where tells at which point the victim was struck, "" if it was not.
func (k *killer) where() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.struck
}

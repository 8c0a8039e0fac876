package cli_test

import (
	"bytes"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/amirotate/amirotate/internal/testenv"
)

// TestCertKilledProcess kills the real process with SIGKILL when the kernel
// tells of the nth change in its folder, and a moment later.
func TestCertKilledProcess(t *testing.T) {
	killed := 0
	for _, from := range []string{"nothing", "plain files", "links"} {
		for n := 1; ; n++ {
			delay := time.Duration(n%2) * 200 * time.Microsecond
			b := newCertBench(t, "")
			b.now = time.Now()
			b.prepare(from)
			old := keptPair(b.dir)
			b.write("amirotate.yaml", dueConfig(selfSigned))
			ended := b.killedAtEvent(n, delay)
			if ended {
				break
			}
			killed++
			seen := keptPair(b.dir)
			if seen == "mix" {
				t.Fatalf("from %s, killed at change %d: a mix of old and new: %v", from, n, b.names())
			}
			if changed := b.ensure().Changed; changed != (seen == old) {
				t.Fatalf("from %s, killed at change %d: the old pair was there: %v, and the next run made one: %v", from, n, seen == old, changed)
			}
			if now := keptPair(b.dir); now == old || now == "mix" || now == "" {
				t.Fatalf("from %s, killed at change %d: the next run did not finish", from, n)
			}
			if seen == old {
				b.assertTidy()
			}
		}
	}
	testenv.Figure(t, "killed %d times", killed)
	if killed < 20 {
		t.Errorf("killed %d times only", killed)
	}
}

func (b *certBench) prepare(from string) {
	b.Helper()
	if from == "nothing" {
		return
	}
	b.write("amirotate.yaml", short(selfSigned))
	b.ensure()
	if from == "links" {
		return
	}
	texts := map[string]string{"bot.pem": b.read("bot.pem"), "bot-key.pem": b.read("bot-key.pem")}
	for _, name := range b.names() {
		if err := os.RemoveAll(filepath.Join(b.dir, name)); err != nil {
			b.Fatal(err)
		}
	}
	for name, text := range texts {
		b.write(name, text)
	}
}

// killedAtEvent tells whether the process ended by itself before the nth change.
func (b *certBench) killedAtEvent(n int, delay time.Duration) (ended bool) {
	b.Helper()
	fd, err := syscall.InotifyInit1(syscall.IN_CLOEXEC | syscall.IN_NONBLOCK)
	if err != nil {
		b.Fatal(err)
	}
	events := os.NewFile(uintptr(fd), "inotify")
	defer events.Close()
	if _, err := syscall.InotifyAddWatch(fd, b.dir, syscall.IN_CREATE|syscall.IN_MOVED_TO|syscall.IN_CLOSE_WRITE|syscall.IN_DELETE); err != nil {
		b.Fatal(err)
	}
	cmd := b.process("ensure")
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	go func() {
		if countEvents(events, n) {
			time.Sleep(delay)
			_ = cmd.Process.Kill()
		}
	}()
	err = cmd.Wait()
	status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus)
	if ok && status.Signaled() {
		return false
	}
	if err != nil {
		b.Fatalf("%v\n%s", err, &out)
	}
	return true
}

// countEvents returns when it has seen n changes, or the file is closed.
func countEvents(events *os.File, n int) bool {
	buffer := make([]byte, 4096)
	for n > 0 {
		size, err := events.Read(buffer)
		if err != nil {
			return false
		}
		for rest := buffer[:size]; len(rest) >= syscall.SizeofInotifyEvent; n-- {
			length := int(rest[12]) | int(rest[13])<<8 // of the name; little-endian machines have this test
			rest = rest[syscall.SizeofInotifyEvent+length:]
		}
	}
	return true
}

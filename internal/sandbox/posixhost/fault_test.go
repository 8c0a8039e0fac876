package posixhost_test

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/amirotate/amirotate/internal/sandbox/machine"
)

// recorder strikes nothing and remembers where it was asked.
type recorder struct {
	mu      sync.Mutex
	points  []string
	lineage []string
}

func (r *recorder) Strike(lineage []string, at string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.points, r.lineage = append(r.points, at), lineage
	return ""
}

func TestStrikeNamesLineageAndInstance(t *testing.T) {
	seen := &recorder{}
	w := newWorld(t, seen)
	w.run("true", "")
	want := []string{"ami-7fd23e3b", "i-0123456789abcdef0"}
	if !slices.Equal(seen.lineage, want) || !slices.Equal(seen.points, []string{machine.AtBoot, machine.AtConnect}) {
		t.Errorf("asked about %v at %v", seen.lineage, seen.points)
	}
}

func TestConnectFaults(t *testing.T) {
	t.Run("drop", func(t *testing.T) {
		w := newWorld(t, script{machine.AtConnect: machine.DropConnection})
		if _, err := w.dial(); err == nil {
			t.Error("the first connection was not dropped")
		}
		if out, _, _ := w.run("echo well", ""); out != "well\n" {
			t.Error("the second connection fails too")
		}
	})
	t.Run("hang", func(t *testing.T) {
		w := newWorld(t, script{machine.AtConnect: machine.Hang})
		done := make(chan error, 1)
		go func() { _, err := w.dial(); done <- err }()
		select {
		case err := <-done:
			t.Fatal("a hung host answered:", err)
		case <-time.After(300 * time.Millisecond):
		}
		w.computer.Shutdown(t.Context())
		if err := <-done; err == nil {
			t.Error("a hung host let somebody in")
		}
	})
	for _, at := range []string{machine.AtBoot, machine.AtConnect} {
		t.Run("wrong host key at "+at, func(t *testing.T) {
			w := newWorld(t, script{at: machine.WrongHostKey})
			out, err := w.ssh("-J", "bastion", "rustbuild@127.66.1.20", "true")
			if at == machine.AtBoot && (err == nil || !strings.Contains(out, "IDENTIFICATION HAS CHANGED")) {
				t.Errorf("ssh took a foreign key: %v\n%s", err, out)
			}
			if at == machine.AtConnect && err != nil { // it struck the connection that waited for the boot
				t.Errorf("the deed struck twice: %v\n%s", err, out)
			}
		})
		t.Run("power off at "+at, func(t *testing.T) {
			w := newWorld(t, script{at: machine.PowerOff})
			if at == machine.AtConnect {
				w.dial()
			}
			select {
			case <-w.died:
			case <-time.After(5 * time.Second):
				t.Error("it did not die")
			}
		})
	}
	t.Run("full disk at boot", func(t *testing.T) {
		w := newWorld(t, script{machine.AtBoot: machine.DiskFull})
		_, stderr, status := w.run("cd /home/rustbuild && : > made && echo data > full", "")
		if status != 1 || !strings.Contains(stderr, "No space left on device") {
			t.Errorf("status %d, %q", status, stderr)
		}
	})
}

func TestHungCommandEndsWithItsClient(t *testing.T) {
	w := newWorld(t, script{machine.AtRead: machine.Hang})
	client, err := w.dial()
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { runOn(t, client, readLine, strings.NewReader(program(certPath))); close(done) }()
	select {
	case <-done:
		t.Fatal("a hung command answered")
	case <-time.After(200 * time.Millisecond):
	}
	client.Close()
	<-done
	start := time.Now()
	if err := w.computer.Shutdown(t.Context()); err != nil || time.Since(start) > 2*time.Second {
		t.Errorf("shutdown took %v: %v", time.Since(start), err)
	}
}

package shell

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/amirotate/amirotate/internal/sandbox/clock"
	"github.com/amirotate/amirotate/internal/sandbox/posixhost/commands"
	"github.com/amirotate/amirotate/internal/sandbox/posixhost/rootfs"
)

// stream is a script that arrives piece by piece; before the piece of that
// number something happens.
type stream struct {
	pieces []string
	before int
	happen func()
}

func (s *stream) Read(p []byte) (int, error) {
	if s.before--; s.before == -1 {
		s.happen()
	}
	if len(s.pieces) == 0 {
		return 0, io.EOF
	}
	n := copy(p, s.pieces[0])
	s.pieces = s.pieces[1:]
	return n, nil
}

// A script whose context ends while a here-document is arriving ends there: the
// parser, which calls back even after that, must not bring the host down.
func TestStoppedWithinAHereDocument(t *testing.T) {
	pieces := []string{"echo started\n", "cat <<EOF\none\n", "two\n", "three\nEOF\n", "echo never\n"}
	for before := range pieces {
		files, err := rootfs.Open(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		defer files.Close()
		ctx, cancel := context.WithCancel(t.Context())
		var out, errs bytes.Buffer
		p := &commands.Process{
			Ctx: ctx, System: &commands.System{Hostname: "host", Clock: clock.New(0.001), Accounts: commands.LoadAccounts(files, "root")},
			Stdout: &out, Stderr: &errs, Env: []string{"PATH=/usr/bin:/bin"},
			FS: &rootfs.View{FS: files, Cred: rootfs.Cred{UID: os.Geteuid(), GID: os.Getegid()}, Dir: "/", Umask: 0o022},
		}
		var ended error
		New(p.System).start(p, "sh", nil, func(prog *program) error {
			ended = prog.text(ctx, &stream{pieces: append([]string(nil), pieces...), before: before, happen: cancel})
			return ended
		})
		cancel()
		if !errors.Is(ended, context.Canceled) {
			t.Errorf("stopped before piece %d: it ended with %v", before, ended)
		}
		if text := out.String(); strings.Contains(text, "never") || before < 3 && strings.Contains(text, "one") {
			t.Errorf("stopped before piece %d, it went on:\n%s", before, text)
		}
	}
}

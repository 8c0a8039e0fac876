//go:build unix

package bench

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os/exec"
	"testing"
	"time"

	"github.com/amirotate/amirotate/internal/remote/scripts"
	"github.com/amirotate/amirotate/internal/testenv"
	"github.com/amirotate/amirotate/internal/verify"
)

// expose lets a program that knows no bastion reach the Windows host, with the
// link's delay, at an address of this computer.
func (l *link) expose(t testing.TB) string {
	t.Helper()
	listener, err := net.Listen("tcp", l.address["windows"]+":0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	to := netip.AddrPortFrom(netip.MustParseAddr(l.address["windows"]), 5986)
	go func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			far, err := l.far.Dial(t.Context(), l.from, nil, to)
			if err != nil {
				near.Close()
				continue
			}
			go func() { _, _ = io.Copy(far, near); far.Close() }()
			go func() { _, _ = io.Copy(near, far); near.Close() }()
		}
	}()
	return listener.Addr().String()
}

// pywinrm replaces the certificate, back to the old one, and reads it by Debian's
// python3-winrm: it carries the same scripts, which the host knows.
func (l *link) pywinrm(t testing.TB) leg {
	t.Helper()
	python := testenv.PythonModule(t, "winrm")
	line := func(script string, request any) string {
		text, err := json.Marshal(request)
		if err != nil {
			t.Fatal(err)
		}
		packed := scripts.Pack(scripts.Compact(script), string(text))
		return `powershell.exe -NoProfile -Command "` + scripts.Bootstrap(scripts.SourceLiteral(packed)) + `"`
	}
	digests := verify.Of(oldText)
	replace := line(scripts.WindowsReplace, map[string]any{"changes": []any{map[string]any{
		"path": winPath, "old": []verify.Digests{verify.Of(newText)}, "md5": digests.MD5, "sha256": digests.SHA256, "content": oldText,
	}}})
	read := line(scripts.WindowsRead, map[string]any{"paths": []string{winPath}, "content": true})
	cmd := exec.CommandContext(t.Context(), python, "testdata/push.py", "https://"+l.expose(t)+"/wsman", l.caFile, replace, read)
	cmd.Env = []string{"PASSWORD=correct horse", "PYTHONDONTWRITEBYTECODE=1", "no_proxy=*"}
	out, err := cmd.CombinedOutput()
	var requests int32
	var seconds float64
	var end string
	if _, scanErr := fmt.Sscan(string(out), &requests, &seconds, &end); err != nil || scanErr != nil || end != "ok" {
		t.Fatalf("%v %v\n%s", err, scanErr, out)
	}
	return leg{took: time.Duration(seconds * float64(time.Second)), requests: requests}
}

package posixhost_test

import (
	"crypto/md5"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/amirotate/amirotate/internal/remote/scripts"
	"github.com/amirotate/amirotate/internal/sandbox/machine"
	"github.com/amirotate/amirotate/internal/testenv"
)

const (
	oldContent = "old certificate\n"
	newContent = "-----BEGIN CERTIFICATE-----\nMIIBszCCAVmgAwIBAgIUeQzMIIBszCCAVmgAwIBAgIUeQzMIIBszCCAVmgAwIBAgI\n-----END CERTIFICATE-----\n"
)

func sums(s string) (string, string) {
	return fmt.Sprintf("%x", md5.Sum([]byte(s))), fmt.Sprintf("%x", sha256.Sum256([]byte(s)))
}

// program is the shipped script with what it is to do, for one file.
func program(path string) string {
	oldMD5, oldSHA := sums(oldContent)
	newMD5, newSHA := sums(newContent)
	return fmt.Sprintf("ar_files() {\n\t\"$1\" 0 '%s' %s %s %s:%s\n}\nar_payload_0() {\n\tar_put '%s'\n}\n%s",
		path, newMD5, newSHA, oldMD5, oldSHA, strings.ReplaceAll(newContent, "\n", `\n`), scripts.POSIX)
}

const (
	readLine    = "exec /bin/sh -s -- read n0nce"
	replaceLine = "exec /bin/sh -s -- replace n0nce"
	plainLine   = "exec /bin/sh -s"
)

func (w *world) content() string {
	w.t.Helper()
	b, err := os.ReadFile(filepath.Join(w.spec.Root, certPath))
	if err != nil {
		w.t.Fatal(err)
	}
	return string(b)
}

// leftovers returns what is in the folder besides the certificate.
func (w *world) leftovers() []string {
	var extra []string
	for line := range strings.Lines(tree(w.t, w.spec.Root)) {
		if !strings.HasPrefix(line, "d") && !strings.Contains(line, " "+strings.TrimPrefix(certPath, "/")+" ") {
			extra = append(extra, line)
		}
	}
	return extra
}

func TestShippedScriptReads(t *testing.T) {
	w := newWorld(t, nil)
	before := tree(t, w.spec.Root)
	out, stderr, status := w.run(readLine, program(certPath))
	md5sum, sha := sums(oldContent)
	for _, want := range []string{"amirotate:n0nce begin\n", " -rw-r--r-- ", "md5:" + md5sum, "sha256:" + sha, "end ok\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s\n%s", want, out, stderr)
		}
	}
	if status != 0 || stderr != "" {
		t.Errorf("status %d, stderr %q", status, stderr)
	}
	if after := tree(t, w.spec.Root); after != before {
		t.Errorf("reading changed the folder:\n%s\n%s", before, after)
	}
}

func TestShippedScriptReplaces(t *testing.T) {
	w := newWorld(t, nil)
	out, stderr, _ := w.run(replaceLine, program(certPath))
	if !strings.Contains(out, "end ok\n") || w.content() != newContent {
		t.Fatalf("content %q after\n%s\n%s", w.content(), out, stderr)
	}
	if extra := w.leftovers(); len(extra) > 0 {
		t.Errorf("left behind: %q", extra)
	}
	info, err := os.Stat(filepath.Join(w.spec.Root, certPath))
	if err != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

func TestShippedScriptWithSudo(t *testing.T) {
	testenv.Root(t) // who alone may own files of several owners
	for _, sudoers := range []string{"", "rustbuild ALL=(ALL) NOPASSWD:ALL\n", "rustbuild ALL=(ALL) ALL\n"} {
		w := newWorld(t, nil)
		w.computer.Shutdown(t.Context())
		home := filepath.Join(w.spec.Root, "home/rustbuild")
		if err := os.Chown(home, 1000, 1000); err != nil {
			t.Fatal(err)
		}
		if sudoers != "" {
			if err := os.MkdirAll(filepath.Join(w.spec.Root, "etc"), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(w.spec.Root, "etc/sudoers"), []byte(sudoers), 0o440); err != nil {
				t.Fatal(err)
			}
		}
		w.boot()
		if out, _, status := w.run("echo x > "+certPath, ""); status == 0 {
			t.Errorf("a file of root's was written: %s", out)
		}
		out, _, _ := w.run(replaceLine, program(certPath))
		allowed := !strings.HasSuffix(sudoers, "(ALL) ALL\n")
		if replaced := w.content() == newContent; replaced != allowed || strings.Contains(out, "end ok") != allowed {
			t.Errorf("sudoers %q: replaced %v\n%s", sudoers, replaced, out)
		}
	}
}

func TestFaultsStrikeTheScript(t *testing.T) {
	tests := []struct {
		at, deed  string
		line      string
		wantOut   string // in the output; "" for the connection to be lost
		wantAfter string // content afterwards
	}{
		{machine.AtPatch, machine.DropConnection, replaceLine, "", oldContent},
		{machine.AtPatch, machine.DiskFull, replaceLine, "fail 0 ", oldContent},
		{machine.AtPatch, machine.FlipByte, replaceLine, "arrived damaged", oldContent},
		{machine.AtPatch, machine.PowerOff, replaceLine, "", oldContent},
		{machine.AtRead, machine.DropConnection, readLine, "", oldContent},
		{machine.AtRead, machine.PowerOff, readLine, "", oldContent},
	}
	for _, tt := range tests {
		t.Run(tt.at+" "+tt.deed, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, script{tt.at: tt.deed})
			out, stderr, status := w.run(tt.line, program(certPath))
			if tt.wantOut == "" && status != -1 {
				t.Errorf("status %d, though the connection was to be lost: %s%s", status, out, stderr)
			}
			if !strings.Contains(out, tt.wantOut) {
				t.Errorf("no %q in %s%s", tt.wantOut, out, stderr)
			}
			if tt.deed == machine.PowerOff {
				select {
				case id := <-w.died:
					if id != w.spec.InstanceID {
						t.Errorf("died: %s", id)
					}
				case <-time.After(5 * time.Second):
					t.Error("nobody was told that the computer died")
				}
			} else if err := w.computer.Shutdown(t.Context()); err != nil {
				t.Error(err)
			}
			if got := w.content(); got != tt.wantAfter {
				t.Errorf("content %q", got)
			}
			if extra := w.leftovers(); tt.deed != machine.PowerOff && len(extra) > 0 {
				t.Errorf("left behind: %q", extra)
			}
		})
	}
}

func TestFaultPoints(t *testing.T) {
	for _, tt := range []struct {
		before []string
		line   string
		input  string
		want   string
	}{
		{nil, readLine, "", machine.AtRead},
		{nil, "exec /bin/sh -s -- 'replace' x", "", machine.AtPatch},
		{[]string{readLine}, readLine, "", machine.AtRead},
		{[]string{replaceLine}, readLine, "", machine.AtVerify},
		{[]string{replaceLine}, replaceLine, "", machine.AtPatch},
		{nil, "cat read", "", ""},
		{nil, "echo replace", "", ""},
		{nil, plainLine, "", ""},
		{nil, plainLine, "set -- read n0nce\n", machine.AtRead},
		{nil, plainLine, "set -- replace n0nce\n:\n", machine.AtPatch},
		{nil, plainLine, "set -- copies n0nce\n", machine.AtCopy},
		{[]string{replaceLine}, plainLine, "set -- read n0nce\n", machine.AtVerify},
		{nil, plainLine, "ar_command=date\n", machine.AtRun},
	} {
		seen := &recorder{}
		w := newWorld(t, seen)
		for _, line := range tt.before {
			w.run(line, "")
		}
		w.run(tt.line, tt.input)
		got := seen.points[len(seen.points)-1]
		if tt.want != "" {
			if got != machine.AtDone {
				t.Errorf("%q after %q ended at %q, want %q", tt.line, tt.before, got, machine.AtDone)
			}
			got = seen.points[len(seen.points)-2]
		}
		if got != tt.want && !(tt.want == "" && got == machine.AtConnect) {
			t.Errorf("%q after %q is at %q, want %q", tt.line, tt.before, got, tt.want)
		}
	}
}

package crashtest

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/amirotate/amirotate/internal/testenv"
)

// listLock is what the first file's name ends with that a rewrite opens.
const listLock = "slave-list.txt.lock"

// rotated is a farm whose images are all proven, so that a rotation, or a
// rollback, does nothing but rewrite the list; and both versions of that.
func rotated(t *testing.T) (s *scene, old, rewritten []byte) {
	t.Helper()
	s = newScene(t, pair, pairFiles)
	s.MustRun(0, "rotate", "--quiet")
	return s, []byte(s.list), s.Read("slave-list.txt")
}

// everyCall has each system call of a rewrite tried; else it is every second: each
// takes two runs, one of them traced, which is slow.
const everyCall = "AMIROTATE_EVERY_CALL"

// stride is from one system call that is tried to the next.
func stride() int {
	if os.Getenv(everyCall) != "" {
		return 1
	}
	return 2
}

// A run that is killed before any one system call of the list's rewriting leaves
// the old list or the new one, and the next run is not disturbed by what it left.
func TestKilledAtEachCallOfTheRewrite(t *testing.T) {
	t.Parallel()
	s, old, rewritten := rotated(t)
	killed, unchanged := 0, 0
	for n, code := 1, -1; code == -1; n += stride() {
		s.Write("slave-list.txt", string(rewritten))
		if code, _ = s.traced(t, listLock, func(call int) bool { return call == n }, "rollback", "--quiet"); code == -1 {
			killed++
		}
		switch got := s.Read("slave-list.txt"); {
		case bytes.Equal(got, rewritten):
			unchanged++
		case !bytes.Equal(got, old):
			t.Fatalf("killed before system call %d: the list is\n%q", n, got)
		}
		s.MustRun(0, "rollback", "--quiet")
		if got := s.Read("slave-list.txt"); !bytes.Equal(got, old) {
			t.Fatalf("the run after one killed before system call %d made\n%q\nwant\n%q", n, got, old)
		}
		if got := s.Read("slave-list.txt.previous"); !bytes.Equal(got, rewritten) {
			t.Fatalf("killed before system call %d: .previous holds\n%q", n, got)
		}
		s.checkNoTemporaryFiles()
	}
	testenv.Figure(t, "killed before each of %d system calls: the old list %d times, the new one else", killed, unchanged)
	if killed*stride() < 40 || unchanged == 0 || unchanged == killed {
		t.Errorf("killed %d times, the old list was there %d times", killed, unchanged)
	}
}

// A line that somebody adds before any one system call of the rewriting is not
// lost, but for the moment between the last look and the rename.
func TestEditedAtEachCallOfTheRewrite(t *testing.T) {
	t.Parallel()
	s, old, rewritten := rotated(t)
	const line = "\nlinux9 secret9 snap=true\n"
	edited, lost := 0, 0
	for n := 1; ; n += stride() {
		s.Write("slave-list.txt", string(rewritten))
		code, calls := s.traced(t, listLock, func(call int) bool {
			if call == n {
				appendTo(t, filepath.Join(s.Dir, "slave-list.txt"), line)
			}
			return false
		}, "rollback", "--quiet")
		if calls < n {
			break
		}
		edited++
		got := s.Read("slave-list.txt")
		switch {
		case code == 0 && bytes.Equal(got, append(old[:len(old):len(old)], line...)):
		case code != 0 && bytes.Equal(got, append(rewritten[:len(rewritten):len(rewritten)], line...)):
		case code == 0 && bytes.Equal(got, old):
			lost++
		default:
			t.Errorf("edited before system call %d, exit code %d: the list is\n%q", n, code, got)
		}
		s.checkNoTemporaryFiles()
	}
	testenv.Figure(t, "edited before each of %d system calls; in %d places, all between the last look and the rename, the edit is lost", edited, lost)
	if edited*stride() < 40 || lost > 3 {
		t.Errorf("edited %d times, lost %d edits", edited, lost)
	}
}

func appendTo(t *testing.T, path, text string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err == nil {
		_, err = f.WriteString(text)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// On a disk with room for any number of pages the list is the old one or the new
// one, and what did not fit is not left behind.
func TestListOnAFullDisk(t *testing.T) {
	t.Parallel()
	testenv.Root(t)
	s, old, rewritten := rotated(t)
	filler := bytes.Repeat([]byte("\n# filler, so that the list has several pages"), 400)
	from, to := append(rewritten[:len(rewritten):len(rewritten)], filler...), append(old[:len(old):len(old)], filler...)
	const page = 4096
	pages := (len(from) + page - 1) / page
	kept, made := 0, 0
	for free := 0; free <= 2*pages+4; free++ {
		disk := testenv.Tmpfs(t, "")
		list := filepath.Join(disk, "slave-list.txt")
		if err := os.WriteFile(list, from, 0o644); err != nil {
			t.Fatal(err)
		}
		resize(t, disk, free)
		r := s.Run("rollback", "--quiet", "--slave-list", list)
		got, err := os.ReadFile(list)
		switch {
		case err != nil:
			t.Error(err)
		case r.Code == 0 && bytes.Equal(got, to):
			made++
		case r.Code != 0 && bytes.Equal(got, from):
			kept++
		default:
			t.Errorf("%d free pages: exit code %d, %d bytes\n%s", free, r.Code, len(got), r.Stderr)
		}
		entries, _ := os.ReadDir(disk)
		for _, e := range entries {
			if filepath.Ext(e.Name()) != ".txt" && filepath.Ext(e.Name()) != ".lock" && filepath.Ext(e.Name()) != ".previous" {
				t.Errorf("%d free pages: %s is left", free, e.Name())
			}
		}
	}
	testenv.Figure(t, "on disks with 0 to %d free pages the list was kept %d times and replaced %d times", 2*pages+4, kept, made)
	if kept < pages || made == 0 {
		t.Errorf("the list was kept %d times and replaced %d times", kept, made)
	}
}

// resize leaves so many free pages on a disk in memory.
func resize(t *testing.T, disk string, free int) {
	t.Helper()
	var now syscall.Statfs_t
	err := syscall.Statfs(disk, &now)
	if err == nil {
		used := now.Blocks - now.Bfree
		err = syscall.Mount("tmpfs", disk, "tmpfs", syscall.MS_REMOUNT, fmt.Sprintf("size=%d", (int64(used)+int64(free))*now.Bsize))
	}
	if err != nil {
		t.Fatalf("cannot resize the disk: %v", err)
	}
}

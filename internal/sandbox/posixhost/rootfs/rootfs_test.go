//go:build unix

package rootfs

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// newView returns the files below root, as seen by root; beside root stands a
// file that nothing may reach.
func newView(t *testing.T) (v *View, root, outside string) {
	t.Helper()
	top := t.TempDir()
	root, outside = filepath.Join(top, "root"), filepath.Join(top, "secret")
	for _, dir := range []string{"etc", "home/bot", "var/log"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, content := range map[string]string{outside: "outside", filepath.Join(root, "etc/secret"): "inside", filepath.Join(root, "secret"): "top"} {
		if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	files, err := Open(root)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { files.Close() })
	return &View{FS: files, Dir: "/", Umask: 0o022}, root, outside
}

func read(v *View, name string) (string, error) {
	file, err := v.Open(name)
	if err != nil {
		return "", err
	}
	defer file.Close()
	b, err := io.ReadAll(file)
	return string(b), err
}

func TestLinksStayInside(t *testing.T) {
	v, root, outside := newView(t)
	tests := []struct {
		text string // of a link at /home/bot/link
		path string // that is opened
		want string
		err  error
	}{
		{"/etc/secret", "/home/bot/link", "inside", nil},
		{"../../etc/secret", "/home/bot/link", "inside", nil},
		{"../../../../../../secret", "/home/bot/link", "top", nil},
		{"/../../secret", "/home/bot/link", "top", nil},
		{outside, "/home/bot/link", "", syscall.ENOENT},
		{"/", "/home/bot/link/etc/secret", "inside", nil},
		{"/etc", "/home/bot/link/../secret", "top", nil},
		{"..", "/home/bot/link/../../../../../etc/secret", "inside", nil},
		{"link", "/home/bot/link", "", syscall.ELOOP},
		{"/home/bot/link/x", "/home/bot/link", "", syscall.ELOOP},
		{"/etc/secret", "/home/bot/link/", "", syscall.ENOTDIR},
		{"/etc/secret", "/home/bot/link/x", "", syscall.ENOTDIR},
		{"/proc/self/environ", "/home/bot/link", "", syscall.ENOENT},
	}
	for _, tt := range tests {
		link := filepath.Join(root, "home/bot/link")
		os.Remove(link)
		if err := os.Symlink(tt.text, link); err != nil {
			t.Fatal(err)
		}
		got, err := read(v, tt.path)
		if got != tt.want || !errors.Is(err, tt.err) {
			t.Errorf("%s with link to %s: %q, %v; want %q, %v", tt.path, tt.text, got, err, tt.want, tt.err)
		}
		if err != nil && strings.Contains(err.Error(), root) {
			t.Errorf("error names the machine's path: %v", err)
		}
	}
}

func TestWritesThroughLinksStayInside(t *testing.T) {
	v, root, outside := newView(t)
	for i, text := range []string{"../../../secret", "/../secret", outside} {
		link := filepath.Join(root, "home/bot/link")
		os.Remove(link)
		if err := os.Symlink(text, link); err != nil {
			t.Fatal(err)
		}
		if file, err := v.OpenFile("/home/bot/link", os.O_WRONLY|os.O_TRUNC, 0); err == nil {
			io.WriteString(file, "changed")
			file.Close()
		}
		v.Chmod("/home/bot/link", 0o777)
		v.Rename("/home/bot/link", "/../../../secret2")
		v.Unlink("/../../secret")
		if b, err := os.ReadFile(outside); string(b) != "outside" || err != nil {
			t.Fatalf("%d: outside holds %q, %v", i, b, err)
		}
		if info, _ := os.Stat(outside); info.Mode().Perm() != 0o644 {
			t.Fatalf("%d: outside has mode %v", i, info.Mode())
		}
	}
}

func FuzzResolve(f *testing.F) {
	for _, seed := range []string{"/a/../b", "../../x", "link/../../..", "//", "", "a/./b/..", "loop/x", "up/up/up/secret"} {
		f.Add(seed)
	}
	top := f.TempDir()
	root := filepath.Join(top, "root")
	if err := os.MkdirAll(filepath.Join(root, "a/b"), 0o755); err != nil {
		f.Fatal(err)
	}
	for name, text := range map[string]string{"link": "/a/b", "up": "../..", "loop": "loop", "a/back": "../../../link"} {
		if err := os.Symlink(text, filepath.Join(root, name)); err != nil {
			f.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(top, "secret"), []byte("outside"), 0o644); err != nil {
		f.Fatal(err)
	}
	files, err := Open(root)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if strings.HasPrefix(filepath.Clean("/"+name), "/tmp") {
			return
		}
		v := &View{FS: files, Dir: "/a"}
		p, err := v.resolve("open", name, true)
		if err != nil {
			return
		}
		if p.rel != "." && !filepath.IsLocal(p.rel) {
			t.Errorf("%q leads to %q", name, p.rel)
		}
		if p.info != nil && p.info.Mode()&fs.ModeSymlink != 0 {
			t.Errorf("%q ends at a link, %q", name, p.rel)
		}
		if content, err := read(v, name); err == nil && content == "outside" {
			t.Errorf("%q leads out", name)
		}
	})
}

func TestPermissions(t *testing.T) {
	v, root, _ := newView(t)
	me := Cred{UID: os.Geteuid() + 4711, GID: os.Getegid() + 4711} // nobody in particular
	other := &View{FS: v.FS, Cred: me, Dir: "/", Umask: 0o022}
	if err := os.Mkdir(filepath.Join(root, "open"), 0o777); err != nil {
		t.Fatal(err)
	}
	os.Chmod(filepath.Join(root, "open"), 0o777)
	os.WriteFile(filepath.Join(root, "open/theirs"), nil, 0o644)
	os.WriteFile(filepath.Join(root, "open/private"), []byte("x"), 0o600)
	os.Mkdir(filepath.Join(root, "sticky"), 0o777)
	os.Chmod(filepath.Join(root, "sticky"), 0o777|os.ModeSticky)
	os.WriteFile(filepath.Join(root, "sticky/theirs"), nil, 0o666)
	os.Mkdir(filepath.Join(root, "closed"), 0o700)
	os.WriteFile(filepath.Join(root, "closed/x"), nil, 0o666)
	openTo := func(name string, flag int) error {
		file, err := other.OpenFile(name, flag, 0o666)
		if err == nil {
			file.Close()
		}
		return err
	}
	tests := []struct {
		name string
		do   func() error
		want error
	}{
		{"read what all may read", func() error { return openTo("/etc/secret", os.O_RDONLY) }, nil},
		{"write what only the owner may", func() error { return openTo("/etc/secret", os.O_WRONLY) }, syscall.EACCES},
		{"read what only the owner may", func() error { return openTo("/open/private", os.O_RDONLY) }, syscall.EACCES},
		{"make a file where all may", func() error { return openTo("/open/mine", os.O_WRONLY|os.O_CREATE) }, nil},
		{"make a file elsewhere", func() error { return openTo("/etc/mine", os.O_WRONLY|os.O_CREATE) }, syscall.EACCES},
		{"pass a closed directory", func() error { return openTo("/closed/x", os.O_RDONLY) }, syscall.EACCES},
		{"list a closed directory", func() error { _, err := other.ReadDir("/closed"); return err }, syscall.EACCES},
		{"rename elsewhere", func() error { return other.Rename("/etc/secret", "/etc/s2") }, syscall.EACCES},
		{"remove where the sticky bit is", func() error { return other.Unlink("/sticky/theirs") }, syscall.EPERM},
		{"replace where the sticky bit is", func() error { return other.Rename("/open/theirs", "/sticky/theirs") }, syscall.EPERM},
		{"remove where all may", func() error { return other.Unlink("/open/theirs") }, nil},
		{"chmod of another's file", func() error { return other.Chmod("/etc/secret", 0o777) }, syscall.EPERM},
		{"chown", func() error { return other.Chown("/etc/secret", me.UID, -1, true) }, syscall.EPERM},
		{"root may all", func() error { return v.Chmod("/closed/x", 0o600) }, nil},
		{"access", func() error { return other.Access("/etc/secret", Write) }, syscall.EACCES},
	}
	for _, tt := range tests {
		if err := tt.do(); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
	if os.Geteuid() == 0 {
		info, err := v.Stat("/open/mine")
		if err != nil {
			t.Fatal(err)
		}
		if uid, gid := Owner(info); uid != me.UID || gid != me.GID || info.Mode().Perm() != 0o644 {
			t.Errorf("a new file is %d:%d %v", uid, gid, info.Mode())
		}
	}
}

func TestOnWriteIsAskedFirst(t *testing.T) {
	v, root, _ := newView(t)
	v.OnWrite = func(data bool) error {
		if data {
			return syscall.ENOSPC
		}
		return nil
	}
	file, err := v.OpenFile("/etc/new", os.O_WRONLY|os.O_CREATE, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if n, err := file.Write([]byte("x")); n != 0 || !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("wrote %d, %v", n, err)
	}
	v.OnWrite = func(bool) error { return syscall.EIO }
	for name, err := range map[string]error{
		"rename": v.Rename("/etc/secret", "/etc/x"), "unlink": v.Unlink("/etc/secret"), "mkdir": v.Mkdir("/etc/d", 0o755),
		"chmod": v.Chmod("/etc/secret", 0), "symlink": v.Symlink("a", "/etc/l"),
	} {
		if !errors.Is(err, syscall.EIO) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := os.Stat(filepath.Join(root, "etc/secret")); err != nil {
		t.Error(err)
	}
}

func TestPipesAndDevicesOfTheFolderCannotBeOpened(t *testing.T) {
	v, root, _ := newView(t)
	if err := syscall.Mkfifo(filepath.Join(root, "fifo"), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := v.Open("/fifo"); !errors.Is(err, syscall.ENXIO) {
		t.Errorf("open: %v", err)
	}
}

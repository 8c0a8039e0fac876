package slavelist_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/amirotate/amirotate/internal/slavelist"
)

// Both benchmarks rewrite the same million lines: read the file, change the ids
// of one of its four images in entries and comments, write another file. Ours
// runs in this process with a buffer that it has used before; sed runs in its
// own, which takes a millisecond to start.
//
//	go test -run '^$' -bench 'Rewrite|Sed' ./internal/slavelist
const (
	benchLines = 1_000_000
	benchFrom  = "ami-7fd23e3b"
	benchTo    = "ami-0123456789abcdef0"
)

func rewriteFile(buffer *bytes.Buffer, from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	buffer.Reset()
	if _, err := buffer.ReadFrom(in); err != nil {
		return err
	}
	list, err := slavelist.Parse(from, buffer.Bytes())
	if err != nil {
		return err
	}
	rw, err := list.Replace(map[string]string{benchFrom: benchTo})
	if err != nil {
		return err
	}
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	defer out.Close()
	_, err = rw.List.WriteTo(out)
	return err
}

func writeBenchList(tb testing.TB, lines int) string {
	images := []string{benchFrom, "ami-381e197d", "ami-dbac5f9f", "ami-b74fa1f3"}
	var b bytes.Buffer
	for i := range lines {
		switch {
		case i%50 == 0:
			fmt.Fprintf(&b, "# the next fifty were made of %s\n", benchFrom)
		case i%10 == 1:
			fmt.Fprintf(&b, "mac%d asdf%d max_builds=2 snap=true dist=true\n", i, i)
		default:
			fmt.Fprintf(&b, "linux%d %020d     docker=example/rust-slave-linux:2015-10-19b ami=%s instance_type=c3.2xlarge max_builds=3\n",
				i, i*7919, images[i%len(images)])
		}
	}
	path := filepath.Join(tb.TempDir(), "slave-list.txt")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		tb.Fatal(err)
	}
	return path
}

// sed does what Replace does on such a list, as one would by hand.
func sed(tb testing.TB, from, to string) {
	tb.Helper()
	script := fmt.Sprintf(`s/( ami=|^#.* )%s( |$)/\1%s\2/`, benchFrom, benchTo)
	cmd := exec.Command("/bin/sh", "-c", `exec sed -E "$1" "$2" >"$3"`, "sh", script, from, to)
	if out, err := cmd.CombinedOutput(); err != nil {
		tb.Fatalf("sed: %v\n%s", err, out)
	}
}

func BenchmarkRewrite(b *testing.B) {
	from := writeBenchList(b, benchLines)
	b.SetBytes(sizeOf(b, from))
	var buffer bytes.Buffer
	buffer.Grow(int(sizeOf(b, from)) + bytes.MinRead)
	rewrite := func() {
		if err := rewriteFile(&buffer, from, from+".new"); err != nil {
			b.Fatal(err)
		}
	}
	rewrite() // so that the buffer was used
	for b.Loop() {
		rewrite()
	}
}

func BenchmarkSed(b *testing.B) {
	from := writeBenchList(b, benchLines)
	b.SetBytes(sizeOf(b, from))
	for b.Loop() {
		sed(b, from, from+".new")
	}
}

func sizeOf(tb testing.TB, path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		tb.Fatal(err)
	}
	return info.Size()
}

// The benchmarks would say nothing if the two did different things.
func TestSedGivesTheSame(t *testing.T) {
	from := writeBenchList(t, 2000)
	var buffer bytes.Buffer
	if err := rewriteFile(&buffer, from, from+".ours"); err != nil {
		t.Fatal(err)
	}
	sed(t, from, from+".sed")
	ours, theirs := read(t, from+".ours"), read(t, from+".sed")
	if !bytes.Equal(ours, theirs) {
		t.Error("sed gives another list")
	}
	if bytes.Equal(ours, read(t, from)) {
		t.Error("nothing was rewritten")
	}
}

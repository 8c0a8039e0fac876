package rotate_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/amirotate/amirotate/internal/farmtest"
)

// A rollback that is run again, since nobody knows how far the first one came,
// does not go a generation further.
func TestRollbackOfOneGeneration(t *testing.T) {
	t.Parallel()
	f := farmtest.Start(t, small, smallFiles)
	first := f.Read("slave-list.txt")
	f.MustRun(0, "rotate")
	second := f.Read("slave-list.txt")
	f.Write("amirotate.yaml", string(f.Read("amirotate.yaml"))+"epoch: next\n")
	f.MustRun(0, "rotate")
	f.MustRun(0, "rollback")
	f.AWS("ec2", "deregister-image", "--image-id", amiID.FindString(string(first)))
	r := f.MustRun(0, "rollback")
	if got := f.Read("slave-list.txt"); !bytes.Equal(got, second) || !strings.Contains(r.Stdout, "put back before") {
		t.Errorf("rolled back twice to\n%q\nwant\n%q\n%s", got, second, r.Stdout)
	}
	if err := os.Remove(filepath.Join(f.Dir, "slave-list.txt.previous")); err != nil {
		t.Fatal(err)
	}
	f.MustRun(2, "rollback") // to an image that is gone
}

// What the last rotation has not replaced stays.
func TestRollbackOfTheLastRotation(t *testing.T) {
	t.Parallel()
	f := farmtest.Start(t, small, smallFiles)
	f.Write("slave-list.txt", "a1 secret ami=ami-22222222\n")
	f.MustRun(0, "rotate")
	both := string(f.Read("slave-list.txt")) + "b1 secret ami=ami-0123456789abcdef0\n"
	f.Write("slave-list.txt", both)
	f.MustRun(0, "rotate")
	f.MustRun(0, "rollback")
	if got := f.Read("slave-list.txt"); string(got) != both {
		t.Errorf("rolled back to\n%q\nwant\n%q", got, both)
	}
}

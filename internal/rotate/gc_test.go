package rotate_test

import (
	"bytes"
	"context"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/amirotate/amirotate/internal/farmtest"
	"github.com/amirotate/amirotate/internal/rotate"
	"github.com/amirotate/amirotate/internal/testenv"
)

func leftovers(t *testing.T, f *farmtest.Farm, args ...string) []rotate.Leftover {
	t.Helper()
	var left struct{ Found []rotate.Leftover }
	f.MustRun(0, append([]string{"gc", "--json"}, args...)...).JSON(t, &left)
	return left.Found
}

func kinds(found []rotate.Leftover) []string {
	var out []string
	for _, l := range found {
		out = append(out, l.Kind)
	}
	return out
}

// makeCertificate writes another certificate for the farm to rotate to.
func makeCertificate(t *testing.T, f *farmtest.Farm, name string) {
	t.Helper()
	out, err := exec.Command(testenv.Program(t, "openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "900",
		"-subj", "/CN="+name, "-keyout", filepath.Join(t.TempDir(), "key.pem"), "-out", filepath.Join(f.Dir, name)).CombinedOutput()
	if err != nil {
		t.Fatalf("openssl: %v\n%s", err, out)
	}
}

// interruptAt runs rotate until a step of that status is reported, and
// interrupts it there.
func interruptAt(t *testing.T, f *farmtest.Farm, step rotate.Step, status rotate.Status) farmtest.Result {
	t.Helper()
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	marks := [][]byte{[]byte(`"step":"` + string(step) + `"`), []byte(`"status":"` + string(status) + `"`)}
	watcher := writer(func(p []byte) {
		if bytes.Contains(p, marks[0]) && bytes.Contains(p, marks[1]) {
			cancel(rotate.ErrInterrupted)
		}
	})
	return f.RunWatched(ctx, watcher, "--config", f.Sandbox.Ready().Config, "rotate", "--json")
}

type writer func([]byte)

func (w writer) Write(p []byte) (int, error) {
	w(p)
	return len(p), nil
}

// An interrupted run ends what it can and says what is left; the next one goes
// on, and makes nothing twice.
func TestInterruptedRunGoesOn(t *testing.T) {
	for _, at := range []struct {
		step   rotate.Step
		status rotate.Status
	}{
		{rotate.Launch, rotate.Start}, {rotate.Launch, rotate.OK}, {rotate.Connect, rotate.Start}, {rotate.Connect, rotate.OK},
		{rotate.Patch, rotate.OK}, {rotate.Stop, rotate.Start}, {rotate.Stop, rotate.OK}, {rotate.Bake, rotate.Start},
		{rotate.Bake, rotate.OK}, {rotate.Prove, rotate.Start}, {rotate.Prove, rotate.OK}, {rotate.List, rotate.Start},
	} {
		t.Run(string(at.step)+" "+string(at.status), func(t *testing.T) {
			t.Parallel()
			f := farmtest.Start(t, small, smallFiles)
			list := f.Read("slave-list.txt")
			r := interruptAt(t, f, at.step, at.status)
			if r.Code != 130 {
				t.Errorf("exit code %d, want 130\n%s", r.Code, r.Stderr)
			}
			if at.step != rotate.List && !bytes.Equal(list, f.Read("slave-list.txt")) {
				t.Error("the interrupted run rewrote the list")
			}
			f.MustRun(0, "rotate", "--json")
			checkRotated(t, f)
		})
	}
}

// However many runs have died, the next one gets past the client tokens that they
// have spent.
func TestManySpentTokens(t *testing.T) {
	f := farmtest.Start(t, small, smallFiles)
	for range 9 {
		if r := interruptAt(t, f, rotate.Launch, rotate.OK); r.Code != 130 {
			t.Fatalf("exit code %d, want 130\n%s", r.Code, r.Stderr)
		}
	}
	f.MustRun(0, "rotate", "--json")
	checkRotated(t, f)
}

// gc removes what an interrupted run left, and nothing else.
func TestGCRemovesLeftoversAlone(t *testing.T) {
	f := farmtest.Start(t, small, smallFiles)
	interruptAt(t, f, rotate.Prove, rotate.Start)
	found := leftovers(t, f)
	if !slices.Contains(kinds(found), "image") {
		t.Fatalf("gc finds %v, want an unproven image", found)
	}
	if len(f.Folders("images")) == 2 {
		t.Fatal("the dry run removed images")
	}
	if young := leftovers(t, f, "--older-than", "24h"); len(young) != 0 {
		t.Errorf("--older-than 24h finds %v", young)
	}
	for _, l := range leftovers(t, f, "--yes") {
		if l.Error != "" {
			t.Errorf("%s %s: %s", l.Kind, l.ID, l.Error)
		}
	}
	if images := f.Folders("images"); !slices.Equal(images, []string{"ami-0123456789abcdef0", "ami-22222222"}) {
		t.Errorf("images %v are there, want the sources alone", images)
	}
	if left := f.Folders("instances"); len(left) > 0 {
		t.Errorf("instances are left: %v", left)
	}
	if again := leftovers(t, f); len(again) != 0 {
		t.Errorf("still left: %v", again)
	}
	f.MustRun(0, "rotate")
	checkRotated(t, f)
}

// Superseded replacements go, but not those that the list or an instance uses,
// nor a stranger's look-alike.
func TestGCKeepsWhatIsUsed(t *testing.T) {
	stranger := "  - id: ami-33333333\n    name: alpha-amirotate-0123456789abcdef-0123456789abcdef0\n    platform: linux\n    user: builder\n    tags: {Name: amirotate replacement}\n"
	f := farmtest.Start(t, small+stranger, smallFiles)
	f.MustRun(0, "rotate")
	first := amiID.FindAllString(string(f.Read("slave-list.txt")), -1)
	old := "new-cert.pem"
	for _, next := range []string{"third.pem", "fourth.pem"} {
		makeCertificate(t, f, next)
		f.MustRun(0, "rotate", "--old-cert", old, "--new-cert", next)
		old = next
	}
	if found := leftovers(t, f); len(found) != 0 {
		t.Errorf("without --keep gc finds %v", found)
	}
	if found := leftovers(t, f, "--keep", "1"); len(found) != 2 {
		t.Errorf("with --keep 1 gc finds %v, want the two oldest replacements", found)
	}
	found := leftovers(t, f, "--keep", "0", "--yes")
	if len(found) != 4 {
		t.Errorf("with --keep 0 gc finds %v, want four superseded replacements", found)
	}
	images := f.Folders("images")
	for _, id := range amiID.FindAllString(string(f.Read("slave-list.txt")), -1) {
		if !slices.Contains(images, id) {
			t.Errorf("%s is in the list and was removed", id)
		}
	}
	for _, id := range []string{"ami-33333333", "ami-0123456789abcdef0", "ami-22222222"} {
		if !slices.Contains(images, id) {
			t.Errorf("%s is not ours and was removed", id)
		}
	}
	if slices.Contains(images, first[0]) {
		t.Errorf("%s is superseded and still there", first[0])
	}
}

// An image that somebody deregistered by hand leaves its snapshots.
func TestGCFindsOrphanedSnapshots(t *testing.T) {
	f := farmtest.Start(t, small, smallFiles)
	list := f.Read("slave-list.txt")
	rep := parseReport(t, f.MustRun(0, "rotate", "--json"))
	f.Write("slave-list.txt", string(list))
	for _, img := range rep.summary.Images {
		f.AWS("ec2", "deregister-image", "--image-id", img.Replacement)
	}
	if found := kinds(leftovers(t, f, "--yes")); !slices.Equal(found, []string{"snapshot", "snapshot"}) {
		t.Errorf("gc finds %v, want two snapshots", found)
	}
	if again := leftovers(t, f); len(again) != 0 {
		t.Errorf("still left: %v", again)
	}
}

func TestRollback(t *testing.T) {
	f := farmtest.Start(t, small, smallFiles)
	list := f.Read("slave-list.txt")
	f.MustRun(0, "rollback") // nothing to do
	f.MustRun(0, "rotate")
	rotated := f.Read("slave-list.txt")
	f.MustRun(0, "rollback")
	if got := f.Read("slave-list.txt"); !bytes.Equal(got, list) {
		t.Errorf("rolled back to\n%q\nwant\n%q", got, list)
	}
	if got := f.Read("slave-list.txt.previous"); !bytes.Equal(got, rotated) {
		t.Error("slave-list.txt.previous doesn't hold what the list held")
	}
	// The replacements are proven still: nothing is launched for them.
	launched := f.CallsOf("RunInstances")
	f.MustRun(0, "rotate")
	if got := f.Read("slave-list.txt"); !bytes.Equal(got, rotated) || f.CallsOf("RunInstances") != launched {
		t.Errorf("rotating again gave\n%q\nwith %d launches, want\n%q\nwith none", got, f.CallsOf("RunInstances")-launched, rotated)
	}
}

// A previous image that is gone can't be put back.
func TestRollbackRefusesWhatIsGone(t *testing.T) {
	f := farmtest.Start(t, small, smallFiles)
	f.MustRun(0, "rotate")
	list := f.Read("slave-list.txt")
	f.AWS("ec2", "deregister-image", "--image-id", "ami-22222222")
	r := f.MustRun(2, "rollback")
	if !strings.Contains(r.Stderr, "ami-22222222") {
		t.Errorf("the error doesn't name the image: %s", r.Stderr)
	}
	if !bytes.Equal(list, f.Read("slave-list.txt")) {
		t.Error("the list was changed")
	}
}

// A list that somebody edits meanwhile is left as they left it.
func TestListChangedMeanwhile(t *testing.T) {
	f := farmtest.Start(t, small, smallFiles)
	edited := append(f.Read("slave-list.txt"), "\nlinux9 secret snap=true\n"...)
	watcher := writer(func(p []byte) {
		if bytes.Contains(p, []byte(`"step":"prove","status":"ok"`)) {
			f.Write("slave-list.txt", string(edited))
		}
	})
	r := f.RunWatched(context.Background(), watcher, "--config", f.Sandbox.Ready().Config, "rotate", "--json")
	if r.Code != 4 {
		t.Errorf("exit code %d, want 4\n%s", r.Code, r.Stderr)
	}
	if got := f.Read("slave-list.txt"); !bytes.Equal(got, edited) {
		t.Errorf("the list is\n%q\nwant\n%q", got, edited)
	}
	made := f.CallsOf("CreateImage")
	f.MustRun(0, "rotate", "--json")
	checkRotated(t, f)
	if f.CallsOf("CreateImage") != made {
		t.Error("images were made again")
	}
	if !bytes.Contains(f.Read("slave-list.txt"), []byte("linux9 secret snap=true")) {
		t.Error("the edit is lost")
	}
}

// Two runs at once end as one does.
func TestRunsAtOnce(t *testing.T) {
	for _, runs := range []int{2, 4} {
		t.Run(string(rune('0'+runs)), func(t *testing.T) {
			t.Parallel()
			f := farmtest.Start(t, small, smallFiles)
			codes := make(chan farmtest.Result, runs)
			for range runs {
				go func() { codes <- f.Run("rotate", "--json") }()
			}
			for range runs {
				if r := <-codes; r.Code != 0 {
					t.Errorf("exit code %d\n%s\n%s", r.Code, r.Stderr, r.Stdout)
				}
			}
			checkRotated(t, f)
			if n := f.CallsOf("CreateImage"); n != 2 {
				t.Errorf("%d images were made, want 2", n)
			}
		})
	}
}

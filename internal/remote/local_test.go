//go:build unix

package remote

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/amirotate/amirotate/internal/verify"
)

func TestLocalReplaces(t *testing.T) {
	dir := t.TempDir()
	list := filepath.Join(dir, "lists", "slave-list.txt")
	write(t, list, oldText, 0o640)
	write(t, filepath.Join(dir, "lists", stagedPrefix(list)+"0123456789abcdef"), "left by a dead run", 0o600)
	others := []string{".amirotate-lock", ".amirotate-new-1", filepath.Base(stagedPrefix("other-list.txt")) + "0123456789abcdef"}
	for _, name := range others {
		write(t, filepath.Join(dir, "lists", name), "somebody is at work with it", 0o600)
	}
	if os.Getuid() == 0 {
		if err := os.Chown(list, 12, 34); err != nil {
			t.Fatal(err)
		}
	}
	link(t, "lists/slave-list.txt", filepath.Join(dir, "link"))
	path := filepath.Join(dir, "link")
	before, err := Local{}.Replace(t.Context(), []verify.Change{change(path)})
	if err != nil {
		t.Fatal(err)
	}
	after, err := Local{}.Read(t.Context(), []string{path, list})
	if err != nil {
		t.Fatal(err)
	}
	if string(before[0].Content) != oldText || content(t, list) != newText {
		t.Errorf("before %q, after %q", before[0].Content, content(t, list))
	}
	for _, f := range after {
		if change(path).Judge(f) != verify.MatchNew || f.Mode != "0640" || f.Owner != before[0].Owner {
			t.Errorf("after: %+v, before: %+v", f, before[0])
		}
	}
	if info, err := os.Lstat(path); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Error("the link is no link any more")
	}
	if got := names(t, filepath.Dir(list)); !cmp.Equal(got, append(others, "slave-list.txt")) {
		t.Errorf("left behind: %q", got)
	}
	again, err := Local{}.Replace(t.Context(), []verify.Change{change(path)})
	if err != nil || change(path).Judge(again[0]) != verify.MatchNew {
		t.Errorf("again: %+v, %v", again, err)
	}
}

func TestLocalKeepsOldBytes(t *testing.T) {
	dir := t.TempDir()
	list, previous := filepath.Join(dir, "slave-list.txt"), filepath.Join(dir, "slave-list.txt.previous")
	write(t, list, oldText, 0o640)
	write(t, previous, "older", 0o600)
	before, err := Local{}.ReplaceKeeping(t.Context(), change(list), "slave-list.txt.previous")
	if err != nil || string(before.Content) != oldText {
		t.Fatalf("%+v, %v", before, err)
	}
	files, err := Local{}.Read(t.Context(), []string{list, previous})
	if err != nil || string(files[0].Content) != newText || string(files[1].Content) != oldText || files[1].Mode != "0640" || files[1].Owner != files[0].Owner {
		t.Errorf("%+v, %v", files, err)
	}
	if got := names(t, dir); len(got) != 2 {
		t.Errorf("left behind: %q", got)
	}
	// Nothing to do: the old bytes of the last time stay.
	if _, err := (Local{}).ReplaceKeeping(t.Context(), change(list), "slave-list.txt.previous"); err != nil || content(t, previous) != oldText {
		t.Errorf("%q, %v", content(t, previous), err)
	}
	for _, bad := range []string{"", ".", "..", "a/b", "/tmp/x"} {
		write(t, list, oldText, 0o640)
		if _, err := (Local{}).ReplaceKeeping(t.Context(), change(list), bad); err == nil || content(t, list) != oldText {
			t.Errorf("%q was taken as a sibling", bad)
		}
	}
	// A folder where the old bytes should go: nothing is replaced.
	if err := os.Mkdir(filepath.Join(dir, "taken"), 0o755); err != nil {
		t.Fatal(err)
	}
	_, err = Local{}.ReplaceKeeping(t.Context(), change(list), "taken")
	if err == nil || content(t, list) != oldText || !strings.Contains(err.Error(), "as it was") {
		t.Errorf("%v", err)
	}
	if got := names(t, dir); len(got) != 3 {
		t.Errorf("left behind: %q", got)
	}
}

func TestLocalRefuses(t *testing.T) {
	dir := t.TempDir()
	good := filepath.Join(dir, "good")
	write(t, good, oldText, 0o644)
	write(t, filepath.Join(dir, "other"), "something else", 0o644)
	link(t, "loop", filepath.Join(dir, "loop"))
	link(t, "nowhere", filepath.Join(dir, "dangling"))
	entries := names(t, dir)
	for path, want := range map[string]verify.Outcome{
		"other": verify.OtherContent, "none": verify.FileMissing, "good/below": verify.FileMissing,
		"dangling": verify.FileMissing, "loop": verify.FileUnreadable, ".": verify.FileUnreadable,
	} {
		_, err := Local{}.Replace(t.Context(), []verify.Change{change(good), change(filepath.Join(dir, path))})
		if got := outcomeOf(err); got != want {
			t.Errorf("%s: %v, want %v: %v", path, got, want, err)
		}
		if content(t, good) != oldText || !cmp.Equal(names(t, dir), entries) {
			t.Errorf("%s: something was touched: %q", path, names(t, dir))
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := (Local{}).Replace(ctx, []verify.Change{change(good)}); !errors.Is(err, context.Canceled) || content(t, good) != oldText {
		t.Errorf("a cancelled context: %v", err)
	}
}

// TestLocalChangedUnderneath changes the file after it was staged.
func TestLocalChangedUnderneath(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "list")
	write(t, path, oldText, 0o644)
	p, err := stageLocal(change(path), readLocal(path))
	if err != nil {
		t.Fatal(err)
	}
	write(t, path, "an edit by hand", 0o644)
	err = p.swap("list.previous")
	p.discard()
	if err == nil || !strings.Contains(err.Error(), "somebody else changed it") || outcomeOf(err) != verify.OtherContent {
		t.Errorf("%v", err)
	}
	if got := names(t, dir); content(t, path) != "an edit by hand" || len(got) != 1 {
		t.Errorf("%q holds %q", got, content(t, path))
	}
}

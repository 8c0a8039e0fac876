package crashtest

import (
	"fmt"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/amirotate/amirotate/internal/testenv"
)

// strangers are other people's things that look like ours: by name, by tags that
// are not quite ours, by being made from our source.
const strangers = `  - id: ami-0aaaaaaa
    name: rust-linux-amirotate-0123456789abcdef-7fd23e3b
    description: amirotate replacement of ami-7fd23e3b
    platform: linux
    user: rustbuild
    tags: {Name: amirotate, "Amirotate:role": replacement, amirotate-role: replacement, "amirotate:": replacement, "amirotate:source-image": ami-7fd23e3b}
    files: [{path: /home/rustbuild/rust-buildbot/rust-bot-cert.pem, from: old}]
instances:
  - {id: i-0aaaaaaa, image: ami-7fd23e3b, name: amirotate builder for ami-7fd23e3b (rust-linux)}
  - {id: i-0bbbbbbb, image: ami-0aaaaaaa, state: stopped, tags: {"amirotate:source-image": ami-7fd23e3b, "amirotate-role": builder}}
`

// belongings is what EC2 holds of the strangers' things, and of the sources.
func (s *scene) belongings() string {
	s.T.Helper()
	text := ""
	for _, in := range s.Sandbox.State().Instances() {
		if slices.Contains(s.residents, in.ID) {
			text += fmt.Sprintf("%s %s %v\n", in.ID, in.State, in.Tags)
		}
	}
	snapshots := map[string]bool{}
	for _, im := range s.Sandbox.State().Images() {
		if s.trees[im.ID] == nil {
			continue
		}
		text += fmt.Sprintf("%s %s %s %v\n", im.ID, im.Name, im.State, im.Tags)
		for _, d := range im.BlockDevices {
			snapshots[d.SnapshotID] = true
		}
	}
	for _, snapshot := range s.Sandbox.State().Snapshots() {
		if snapshots[snapshot.ID] {
			text += fmt.Sprintf("%s %v\n", snapshot.ID, snapshot.Tags)
		}
	}
	return text
}

// gc removes what a killed run left, rollback undoes what the next one did, and
// both leave alone what is not ours. A sample of points is tried.
func TestLeftoversOfKilledRuns(t *testing.T) {
	t.Parallel()
	const samples = 12
	whole := newScene(t, pair+strangers, pairFiles)
	whole.finish()
	all := whole.passed
	var mu sync.Mutex
	removed := map[string]int{}
	t.Run("points", func(t *testing.T) {
		for i := range samples {
			t.Run("", func(t *testing.T) {
				t.Parallel()
				found := collectAfter(t, all*(i+1)/(samples+1))
				mu.Lock()
				defer mu.Unlock()
				for _, l := range found {
					removed[l.Kind]++
				}
			})
		}
	})
	testenv.Figure(t, "gc after runs killed at %d of %d points removed %v", samples, all, removed)
	if removed["instance"] == 0 || removed["image"] == 0 {
		t.Error("that is too little to tell")
	}
}

// collectAfter kills a run at a point, collects what it left, and goes on from
// there to a rollback.
func collectAfter(t *testing.T, target int) []leftover {
	t.Helper()
	s := newScene(t, pair+strangers, pairFiles)
	before := s.belongings()
	s.wait(s.start(target, syscall.SIGKILL))
	s.settle()
	s.checkOldOrNew()
	found := s.collect()
	s.finish()
	s.check(pairCertificates)
	s.MustRun(0, "rollback")
	if got := s.Read("slave-list.txt"); string(got) != s.list {
		t.Errorf("rolled back to\n%s\nwant\n%s", got, s.list)
	}
	s.MustRun(0, "gc", "--keep", "0", "--yes")
	if images := s.Folders("images"); len(images) != len(s.trees) {
		t.Errorf("%d images are there, want the %d of before", len(images), len(s.trees))
	}
	if after := s.belongings(); after != before || len(before) < 200 {
		t.Errorf("what is not ours was\n%s\nand is\n%s", before, after)
	}
	return found
}

// settle waits until what a killed run had asked for has been done.
func (s *scene) settle() {
	s.T.Helper()
	for calls := -1; calls != len(s.Calls()); time.Sleep(20 * time.Millisecond) {
		calls = len(s.Calls())
	}
}

// collect lets gc find and then remove what is left. A dry run removes nothing.
func (s *scene) collect() []leftover {
	s.T.Helper()
	before := len(s.Calls())
	found := s.leftovers()
	for _, c := range s.Calls()[before:] {
		if slices.Contains([]string{"TerminateInstances", "DeregisterImage", "DeleteSnapshot"}, c.Action) {
			s.T.Errorf("the dry run called %s", c.Action)
		}
	}
	for _, l := range s.leftovers("--yes") {
		if l.Error != "" {
			s.T.Errorf("gc could not remove %+v", l)
		}
	}
	if again := s.leftovers(); len(again) > 0 {
		s.T.Errorf("gc left %+v of %+v", again, found)
	}
	if left := s.Folders("instances"); !slices.Equal(left, s.residents) {
		s.T.Errorf("instances %v are there, want %v", left, s.residents)
	}
	return found
}

type leftover struct{ Kind, ID, Error string }

func (s *scene) leftovers(args ...string) []leftover {
	s.T.Helper()
	var gc struct{ Found []leftover }
	s.MustRun(0, append([]string{"gc", "--json"}, args...)...).JSON(s.T, &gc)
	return gc.Found
}

package crashtest

import (
	"bytes"
	"fmt"
	"path/filepath"
	"testing"
)

// Runs at once on one list end as one run does.
func TestRunsAtOnce(t *testing.T) {
	t.Parallel()
	for _, runs := range []int{2, 4} {
		t.Run(fmt.Sprint(runs), func(t *testing.T) {
			t.Parallel()
			s := newScene(t, hasty, hastyFiles)
			s.allAtOnce(make([][]string, runs))
			s.check(july2015)
			s.checkMadeOnce(len(july2015))
		})
	}
}

// Runs at once on two machines, each with its own copy of the list, make one
// replacement of each image all the same.
func TestRunsAtOnceOnTwoMachines(t *testing.T) {
	t.Parallel()
	s := newScene(t, hasty, hastyFiles)
	lists := []string{"machine-a.txt", "machine-b.txt"}
	var args [][]string
	for _, list := range lists {
		s.Write(list, s.list)
		args = append(args, []string{"--slave-list", filepath.Join(s.Dir, list)})
	}
	s.allAtOnce(args)
	for _, list := range lists {
		s.checkList(list, july2015)
	}
	if !bytes.Equal(s.Read(lists[0]), s.Read(lists[1])) {
		t.Errorf("the machines disagree:\n%s\n%s", s.Read(lists[0]), s.Read(lists[1]))
	}
	if string(s.Read("slave-list.txt")) != s.list {
		t.Error("the list that nobody named was changed")
	}
	s.checkNothingLeft()
	s.checkMadeOnce(len(july2015))
}

// allAtOnce starts a rotation with each list of arguments; all must end with 0.
func (s *scene) allAtOnce(args [][]string) {
	s.T.Helper()
	var running []*victim
	for _, a := range args {
		running = append(running, s.startBeside(a...))
	}
	for i, v := range running {
		if code := s.wait(v); code != 0 {
			s.T.Errorf("run %d of %d ended with exit code %d\n%s", i+1, len(args), code, v.output.String())
		}
	}
}

// checkMadeOnce checks that nothing was made twice: an image, a builder and a
// prover for each. What took effect counts, even if nobody heard the answer.
func (s *scene) checkMadeOnce(images int) {
	s.T.Helper()
	baked := 0
	launched := map[string]bool{} // by image and client token: the same ones launch once
	for _, c := range s.Calls() {
		switch {
		case c.DryRun || c.Status != 200 && c.Error != "lost-response":
		case c.Action == "CreateImage":
			baked++
		case c.Action == "RunInstances":
			launched[fmt.Sprint(c.Params["ImageId"], c.Params["ClientToken"])] = true
		}
	}
	if baked != images {
		s.T.Errorf("%d images were made, want %d", baked, images)
	}
	if len(launched) != 2*images {
		s.T.Errorf("%d instances were launched, want a builder and a prover for each of %d images", len(launched), images)
	}
}

package crashtest

import (
	"os"
	"testing"
	"time"

	"github.com/amirotate/amirotate/internal/testenv"
)

// orphans is time for a command whose caller was killed to end, real time.
const orphans = 200 * time.Millisecond

// A switch of a buildmaster on this computer that is killed before any one system
// call, from the mark on to the end, is finished by the next run; so is the way
// back. Some are tried, or with AMIROTATE_EVERY_CALL each.
func TestMasterKilledAtEachCall(t *testing.T) {
	t.Parallel()
	for verb, samples := range map[string]int{"rotate": 3, "rollback": 2} {
		t.Run(verb, func(t *testing.T) {
			t.Parallel()
			s := localMaster(t)
			s.goTo(verb)
			_, all := s.traced(t, stagedFile, func(int) bool { return false }, verb, "--quiet")
			stride := max(1, all/samples)
			if os.Getenv(everyCall) != "" {
				stride = 1
			}
			killed := 0
			for n := 1 + stride/2; n <= all; n += stride {
				if s.killAndFinish(verb, n) {
					killed++
				}
				if t.Failed() {
					t.Fatalf("killed before system call %d of %d", n, all)
				}
			}
			testenv.Figure(t, "%s was killed before %d of %d system calls", verb, killed, all)
			if killed*stride < all/2 {
				t.Errorf("killed %d times only", killed)
			}
		})
	}
}

// stagedFile begins the name of what is about to be put in a file's place.
const stagedFile = ".amirotate-staged-"

func localMaster(t *testing.T) *nightScene {
	t.Helper()
	s := &nightScene{scene: newScene(t, nightHere, nightFiles), newKey: "new-key.pem", listFile: "slave-list.txt"}
	s.cert, s.key = s.Read(masterCert), s.Read(masterKey)
	s.MustRun(0, "rotate", "--quiet")
	s.MustRun(0, "rollback", "--quiet")
	return s
}

// goTo leads to where a command has all to do, and no image to make.
func (s *nightScene) goTo(verb string) {
	s.T.Helper()
	opposite := map[string]string{"rotate": "rollback", "rollback": "rotate"}[verb]
	s.MustRun(0, opposite, "--quiet")
}

// killAndFinish tells whether the command was killed.
func (s *nightScene) killAndFinish(verb string, call int) bool {
	s.T.Helper()
	s.goTo(verb)
	code, _ := s.traced(s.T.(*testing.T), stagedFile, func(n int) bool { return n == call }, verb, "--quiet")
	time.Sleep(orphans)
	s.checkWhole()
	s.MustRun(0, verb, "--quiet")
	if verb == "rollback" {
		s.checkAsItWas()
	} else {
		s.checkSwitched()
	}
	s.checkNoTemporaryFiles()
	return code == -1
}

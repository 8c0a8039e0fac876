package crashtest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/amirotate/amirotate/internal/farmtest"
	"github.com/amirotate/amirotate/internal/testenv"
)

// pain is one fault at one step of a run.
type pain struct {
	fault string   // as in a scenario
	says  []string // one of them stands in the error of a run that it ends; nil: it must not end a run
	loose bool     // it may leave instances until there is another run: nothing can be cleaned up

	patience bool // it tries the run's patience, which is to be short
}

// Each fault by name, one at a time, at each step where it can strike: the run is
// done, or it ends with a clear error and nothing running, and another run
// without the fault finishes.
func TestEachFaultAtEachStep(t *testing.T) {
	t.Parallel()
	c := course(t)
	pains := slices.Concat(callPains(c), hostPains(c))
	var done, refused, missed atomic.Int64
	t.Run("faults", func(t *testing.T) {
		for _, p := range pains {
			t.Run(strings.Trim(p.fault, "{}"), func(t *testing.T) {
				t.Parallel()
				switch p.suffer(t) {
				case 0:
					done.Add(1)
				case -1:
					missed.Add(1)
				default:
					refused.Add(1)
				}
			})
		}
	})
	testenv.Figure(t, "%d pairs of fault and step: %d runs were done all the same, %d were refused clearly and done by a second run, %d met no such step",
		len(pains), done.Load(), refused.Load(), missed.Load())
	if missed.Load() > int64(len(pains)/10) {
		t.Errorf("%d of %d faults did not strike", missed.Load(), len(pains))
	}
}

// suffer runs the program with the fault and then, if need be, without, and
// returns the first exit code, -1 if nothing was struck.
func (p pain) suffer(t *testing.T) int {
	t.Helper()
	s := newScene(t, pair+"faults:\n  - "+p.fault+"\n", pairFiles)
	config := s.Read("amirotate.yaml")
	if p.patience {
		s.setWaits("connect: 3s", "patch: 2s", "prove: 2s", "launch: 3s")
	}
	r := s.run()
	struck := s.Sandbox.Faults().Struck()
	s.Sandbox.Faults().Calm()
	s.Write("amirotate.yaml", string(config))
	if r.Code != 0 {
		p.checkRefusal(s, r)
		s.MustRun(0, "rotate", "--json")
	}
	s.check(pairCertificates)
	if strings.Contains(p.fault, "lost-response") {
		s.checkMadeOnce(len(pairCertificates))
	}
	if t.Failed() {
		t.Logf("struck: %v; exit code %d\n%s%s", struck, r.Code, r.Stdout, r.Stderr)
	}
	if len(struck) == 0 {
		return -1
	}
	return r.Code
}

// run runs the program in this process; a hang fails the test.
func (s *scene) run() farmtest.Result {
	s.T.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	r := s.RunContext(ctx, "rotate", "--json")
	if ctx.Err() != nil {
		s.T.Errorf("the run hung\n%s", r.Stdout)
	}
	return r
}

// checkRefusal checks a run that ended with an error.
func (p pain) checkRefusal(s *scene, r farmtest.Result) {
	s.T.Helper()
	if !slices.Contains([]int{1, 2, 4}, r.Code) {
		s.T.Errorf("exit code %d, want 1, 2 or 4", r.Code)
	}
	if !slices.ContainsFunc(p.says, func(text string) bool { return strings.Contains(r.Stderr, text) }) {
		s.T.Errorf("the error doesn't say one of %q:\n%s", p.says, r.Stderr)
	}
	s.checkOldOrNew()
	for _, id := range s.Folders("instances") {
		if !p.loose && !strings.Contains(r.Stdout, id+" (stopped builder, its image is being made)") {
			s.T.Errorf("%s is left", id)
		}
		if !strings.Contains(r.Stdout+r.Stderr, id) {
			s.T.Errorf("%s is left and not mentioned", id)
		}
	}
	s.checkNoTemporaryFiles()
}

// steps are how often each action is called, and each point of each image's
// hosts is visited, in a run without faults.
type steps struct {
	calls map[string]int
	hosts map[[2]string]int // image and point
}

// course watches a run without faults.
func course(t *testing.T) steps {
	t.Helper()
	s := newScene(t, pair, pairFiles)
	r := s.run()
	if r.Code != 0 {
		t.Fatalf("exit code %d\n%s", r.Code, r.Stderr)
	}
	c := steps{calls: map[string]int{}, hosts: map[[2]string]int{}}
	for key, n := range s.Sandbox.Faults().Visits() {
		if host, at, found := strings.Cut(key, " at "); found {
			c.hosts[[2]string{strings.Fields(host)[0], at}] += n
			continue
		}
		c.calls[key] = n
	}
	for _, image := range []string{windowsImage, linuxImage} {
		if c.hosts[[2]string{image, "patch"}] != 1 || c.hosts[[2]string{image, "verify"}] == 0 {
			t.Errorf("the files on the builder of %s were not replaced once and then read back by another command: %v", image, c.hosts)
		}
	}
	return c
}

// passes are errors that a run survives.
var passes = []string{"RequestLimitExceeded", "InternalError", "Unavailable", "reset", "lost-response"}

// callPains are the faults of EC2's calls.
func callPains(c steps) []pain {
	var pains []pain
	add := func(action string, nth int, code, more string, loose bool, says ...string) {
		pains = append(pains, pain{fault: fmt.Sprintf("{action: %s, nth: %d, error: %s%s}", action, nth, code, more), says: says, loose: loose,
			patience: code == "InsufficientInstanceCapacity"})
	}
	for _, action := range slices.Sorted(maps.Keys(c.calls)) {
		reads := strings.HasPrefix(action, "Describe") || strings.HasPrefix(action, "Get")
		for nth := 1; nth <= c.calls[action] && (!reads || nth <= 2); nth++ {
			for _, code := range passes {
				if !reads || code != "lost-response" { // for a read that is a reset
					add(action, nth, code, "", false)
				}
			}
			add(action, nth, "UnauthorizedOperation", ", repeat: 9999", action == "TerminateInstances", "not authorized")
		}
	}
	all := 0
	for _, n := range c.calls {
		all += n
	}
	for nth := 1; nth <= all; nth += 3 {
		add("'*'", nth, "ExpiredToken", ", repeat: 9999", true, "expired")
	}
	for nth := 1; nth <= c.calls["RunInstances"]; nth++ {
		add("RunInstances", nth, "InsufficientInstanceCapacity", "", false)
		add("RunInstances", nth, "InsufficientInstanceCapacity", ", repeat: 9999", false, "room for a", "no room")
		add("RunInstances", nth, "not-found-after-create", "", false) // InvalidInstanceID.NotFound
		add("RunInstances", nth, "instance-dies", "", false)
	}
	for nth := 1; nth <= c.calls["CreateImage"]; nth++ {
		add("CreateImage", nth, "not-found-after-create", "", false) // InvalidAMIID.NotFound
		add("CreateImage", nth, "image-fails", "", false)
		add("CreateImage", nth, "image-fails", ", repeat: 9999", false, "cannot bake an image: 3 attempts failed")
		add("CreateImage", nth, "InvalidAMIName.Duplicate", "", false)
		add("CreateImage", nth, "InvalidAMIName.Duplicate", ", repeat: 9999", false, "is already in use")
	}
	for _, action := range []string{"StopInstances", "TerminateInstances"} {
		for nth := 1; nth <= c.calls[action]; nth++ {
			add(action, nth, "InvalidInstanceID.NotFound", "", false)
		}
	}
	for _, action := range []string{"CreateTags", "ModifyImageAttribute"} {
		for nth := 1; nth <= c.calls[action]; nth++ {
			add(action, nth, "InvalidAMIID.NotFound", "", false)
		}
	}
	return pains
}

// hostPains are the faults of builders and provers, and of what lies between.
func hostPains(c steps) []pain {
	slow := []string{"waits.connect", "waits.patch", "waits.prove"}
	misread := map[string][]string{windowsImage + " flip-byte": {"which is neither"}} // a disk that reads wrongly
	deeds := map[string][]string{                                                     // and what a run that ends with it says
		"drop-connection": nil,
		"restart-bastion": nil,
		"flip-byte":       nil,
		"power-off":       nil,
		"hang":            slow,
		"disk-full":       {"space"},
		"wrong-host-key":  {"key", "certificate"},
	}
	atPoint := map[string][]string{
		"boot":    {"drop-connection", "restart-bastion", "flip-byte", "power-off", "hang", "disk-full", "wrong-host-key"},
		"connect": {"drop-connection", "restart-bastion", "flip-byte", "power-off", "hang", "disk-full", "wrong-host-key"},
		"read":    {"drop-connection", "restart-bastion", "flip-byte", "power-off", "hang", "disk-full"},
		"patch":   {"drop-connection", "restart-bastion", "flip-byte", "power-off", "hang", "disk-full"},
		"verify":  {"drop-connection", "restart-bastion", "flip-byte", "power-off", "hang", "disk-full"},
		"done":    {"drop-connection", "restart-bastion"},
	}
	var pains []pain
	keys := slices.SortedFunc(maps.Keys(c.hosts), func(a, b [2]string) int { return strings.Compare(a[0]+a[1], b[0]+b[1]) })
	for _, key := range keys {
		image, at := key[0], key[1]
		for nth := 1; nth <= c.hosts[key]; nth++ {
			for _, deed := range atPoint[at] {
				says := deeds[deed]
				if at == "read" || at == "verify" {
					says = append(says[:len(says):len(says)], misread[image+" "+deed]...)
				}
				pains = append(pains, pain{fault: fmt.Sprintf("{host: %s, at: %s, nth: %d, do: %s}", image, at, nth, deed), says: says, patience: deed == "hang"})
			}
		}
	}
	return pains
}

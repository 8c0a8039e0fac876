package rotate_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/amirotate/amirotate/internal/farmtest"
	"github.com/amirotate/amirotate/internal/rotate"
	"github.com/amirotate/amirotate/internal/sandbox/ec2state"
	"github.com/amirotate/amirotate/internal/slavelist"
)

// night is a farm at work while its certificate is exchanged: Buildbot launches
// workers, each lives its time and is replaced, and every so often somebody runs
// amirotate. A minute of its clock is 60 ms.
type night struct {
	t        *testing.T
	f        *farmtest.Farm
	master   *master
	old, new identity
	strategy string

	start     time.Time
	minute    int
	workers   []*worker
	memory    map[string]string // image of each worker, as Buildbot read it when it was last started
	run       chan farmtest.Result
	draw      timeline
	strangers int // meetings of a running worker with a master that it does not trust
	switched  int // the minute in which the master switched, 0 if it has not
	blocked   int // how often rotate said that the master must wait
	stage     rotate.Stage
}

// worker is a latent worker of Buildbot.
type worker struct {
	name     string
	life     int // minutes that each of its instances lives
	born     int // the minute in which the present one was launched
	instance string
	holds    []byte // what its instance's file held when it booted
}

const runEvery = 10 // minutes

func newNight(t *testing.T, strategy string) *night {
	f, old, new := fleetFarm(t)
	n := &night{t: t, f: f, master: newMaster(t, old), old: old, new: new, strategy: strategy, start: f.Sandbox.Clock().Now()}
	f.Now = f.Sandbox.Clock().Now
	n.startBuildbot()
	n.workers = []*worker{
		{name: "b1", life: 25, instance: "i-0123456789abcdef0"},
		{name: "a1", life: 35},
		{name: "a2", life: 45},
	}
	n.workers[0].holds = n.fileOf("i-0123456789abcdef0")
	for _, w := range n.workers[1:] {
		n.launch(w)
	}
	return n
}

// startBuildbot reads the list, as the master does when it is started: an image
// that changes later is not noticed, not even by a reconfig.
func (n *night) startBuildbot() {
	list, err := slavelist.Parse("slave-list.txt", n.f.Read("slave-list.txt"))
	if err != nil {
		n.t.Fatal(err)
	}
	n.memory = map[string]string{}
	for _, e := range list.Entries() {
		n.memory[e.Name] = e.AMI
	}
}

func (n *night) launch(w *worker) {
	w.instance, w.born = launchWorker(n.t, n.f, n.memory[w.name], w.name), n.minute
	w.holds = n.fileOf(w.instance)
}

func (n *night) fileOf(instance string) []byte {
	return n.f.Read("instances/" + instance + "/root/" + instancePath)
}

// pass lets minutes pass until done says so.
func (n *night) pass(limit int, done func() bool) {
	clock := n.f.Sandbox.Clock()
	for ; !done(); n.minute++ {
		if n.minute == limit {
			n.t.Fatalf("not done after %d minutes:\n%s", limit, &n.draw)
		}
		clock.Set(n.start.Add(time.Duration(n.minute) * time.Minute))
		n.replaceTheAged()
		n.amirotate()
		n.meet()
		if err := clock.Sleep(n.t.Context(), time.Minute); err != nil {
			n.t.Fatal(err)
		}
	}
}

func (n *night) replaceTheAged() {
	for _, w := range n.workers {
		if n.minute-w.born < w.life {
			continue
		}
		if _, err := n.f.Sandbox.State().TerminateInstances([]string{w.instance}, false); err != nil {
			n.t.Fatal(err)
		}
		n.launch(w)
	}
}

// amirotate runs every so often, while the minutes go on; what it says is done.
func (n *night) amirotate() {
	if n.run == nil && n.minute%runEvery == 2 {
		n.run = make(chan farmtest.Result, 1)
		go func() {
			n.run <- n.f.Run("rotate", "--json", "--strategy", n.strategy, "--endpoint", n.master.address)
		}()
		return
	}
	select {
	case r := <-n.run:
		n.run = nil
		n.obey(r)
	default:
	}
}

// obey does what the operator does with what a run has said.
func (n *night) obey(r farmtest.Result) {
	if r.Code != 0 {
		n.t.Fatalf("rotate ended with %d:\n%s%s", r.Code, r.Stdout, r.Stderr)
	}
	var summary struct {
		ListRewritten bool `json:"list_rewritten"`
		Overlap       *rotate.Progress
	}
	lines := strings.Split(strings.TrimSpace(r.Stdout), "\n")
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &summary); err != nil {
		n.t.Fatal(err)
	}
	switch {
	case summary.Overlap == nil && summary.ListRewritten:
		n.draw.tell(n.minute, "rotate: the list is rewritten")
		n.switchMaster()
	case summary.Overlap != nil:
		n.stage = summary.Overlap.Stage
		n.draw.tell(n.minute, "rotate: stage %s: %s", n.stage, n.named(summary.Overlap.Why))
		n.obeyStage(*summary.Overlap, summary.ListRewritten)
	}
}

func (n *night) obeyStage(p rotate.Progress, rewritten bool) {
	if !p.MaySwitch() {
		n.blocked++
	} else if n.oldAlone() {
		n.t.Errorf("minute %d: stage %s lets the master switch, although a worker trusts the old certificate alone", n.minute, p.Stage)
	}
	switch {
	case p.Stage == rotate.StageSwitch && n.switched == 0:
		n.switchMaster()
	case rewritten:
		n.startBuildbot()
		n.draw.tell(n.minute, "Buildbot is restarted and launches the new images")
	}
}

func (n *night) switchMaster() {
	n.master.present(n.new)
	n.startBuildbot()
	n.switched = n.minute
	n.draw.tell(n.minute, "the master is restarted and presents the new certificate")
}

// named puts workers' names in place of their instances' ids.
func (n *night) named(text string) string {
	for _, w := range n.workers {
		text = strings.ReplaceAll(text, w.instance, w.name)
	}
	return text
}

// meet lets every running worker meet the master, in a TLS handshake of its own,
// with what its file held when it booted.
func (n *night) meet() {
	n.draw.put("master", n.presented())
	now := n.f.Sandbox.Clock().Now()
	for _, w := range n.workers {
		letter := n.letter(w.holds)
		switch {
		case instanceState(n.f, w.instance) != ec2state.Running:
			letter = absent
		case n.master.meet(w.holds, now) != nil:
			letter = lockedOut
			n.strangers++
		}
		n.draw.put(w.name, letter)
	}
}

func (n *night) presented() rune {
	if n.master.meet([]byte(n.new.pem), n.f.Sandbox.Clock().Now()) == nil {
		return 'n'
	}
	return 'o'
}

func (n *night) letter(holds []byte) rune {
	isOld, isNew := strings.Contains(string(holds), n.old.pem), strings.Contains(string(holds), n.new.pem)
	switch {
	case isOld && isNew:
		return 'b'
	case isNew:
		return 'n'
	}
	return 'o'
}

// oldAlone tells whether a worker runs that knows nothing of the new certificate.
func (n *night) oldAlone() bool {
	for _, w := range n.workers {
		if n.letter(w.holds) == 'o' {
			return true
		}
	}
	return false
}

// Old-only instances block the switch; as they are replaced it is allowed; at no
// minute does an instance meet a master that it does not trust.
func TestNightOfOverlap(t *testing.T) {
	n := newNight(t, "overlap")
	allNew := func() bool {
		for _, w := range n.workers {
			if n.letter(w.holds) != 'n' {
				return false
			}
		}
		return n.stage == rotate.StageDone && n.run == nil
	}
	n.pass(400, allNew)
	t.Logf("strategy overlap\n\n%s", &n.draw)
	if n.blocked == 0 {
		t.Error("no instance ever stood in the way of the switch")
	}
	if n.strangers > 0 {
		t.Errorf("workers met a master that they do not trust, in %d minutes of theirs", n.strangers)
	}
}

// The same farm cut over: whoever booted before is locked out until replaced.
func TestNightOfCutover(t *testing.T) {
	n := newNight(t, "cutover")
	n.pass(400, func() bool { return n.switched > 0 && !n.oldAlone() && n.run == nil })
	t.Logf("strategy cutover\n\n%s", &n.draw)
	if n.strangers == 0 {
		t.Error("there is no gap: nobody met a master that it does not trust")
	}
	for _, w := range n.workers {
		if before := string(n.draw.strips[w.name][:n.switched]); strings.ContainsRune(before, lockedOut) {
			t.Errorf("%s was locked out before the switch: %s", w.name, before)
		}
	}
}

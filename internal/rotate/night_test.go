package rotate_test

import (
	"cmp"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/amirotate/amirotate/internal/farmtest"
	"github.com/amirotate/amirotate/internal/rotate"
	"github.com/amirotate/amirotate/internal/sandbox/ec2state"
	"github.com/amirotate/amirotate/internal/slavelist"
	"github.com/amirotate/amirotate/internal/testenv"
)

// night is a farm at work while its certificate is exchanged: Buildbot launches
// workers, each lives its time and is replaced, and every so often somebody runs
// amirotate and does nothing else. A minute of its clock is 60 ms.
//
// The buildmaster is this computer: stunnel serves the pair, and Buildbot knows
// the list, that were there when they were last restarted.
type night struct {
	t        *testing.T
	f        *farmtest.Farm
	master   *master
	old, new identity
	strategy string

	start     time.Time
	minute    int
	workers   []*worker
	run       chan farmtest.Result
	draw      timeline
	strangers int // meetings of a running worker with a master that it does not trust
	switched  int // the minute in which the master was seen to have switched, 0 if it has not
	held      int // how often the master was to wait
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
	n := &night{t: t, f: f, old: old, new: new, strategy: strategy, start: f.Sandbox.Clock().Now()}
	f.Now = f.Sandbox.Clock().Now
	n.setUpMaster()
	n.draw.names = []string{"master"}
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

// setUpMaster writes what the master holds, and how amirotate is to restart it.
func (n *night) setUpMaster() {
	n.f.Write("new.key", n.new.key)
	n.f.Write("master.pem", n.old.pem)
	n.f.Write("master.key", n.old.key)
	n.f.Write("running.pem", n.old.pem+n.old.key)
	n.f.Write("running-list.txt", string(n.f.Read("slave-list.txt")))
	n.master = newMaster(n.t, n.old)
	n.master.restartedFrom = func() (tls.Certificate, error) {
		pair := n.f.Read("running.pem")
		return tls.X509KeyPair(pair, pair)
	}
	config := strings.Replace(string(n.f.Read("amirotate.yaml")), "new: new-cert.pem", "new: new-cert.pem\n  key: new.key", 1)
	n.f.Write("amirotate.yaml", config+fmt.Sprintf(`
strategy: %[1]s
master:
  address: local
  certificate: master.pem
  key: master.key
  commands:
    - run: cd '%[2]s' && cat master.pem master.key >starting.pem && mv starting.pem running.pem # stunnel
    - run: cp '%[2]s/slave-list.txt' '%[2]s/running-list.txt' # Buildbot
  check: {address: "%[3]s"}
`, n.strategy, n.f.Dir, n.master.address))
}

func (n *night) launch(w *worker) {
	list, err := slavelist.Parse("the list that Buildbot knows", n.f.Read("running-list.txt"))
	if err != nil {
		n.t.Fatal(err)
	}
	for _, e := range list.Entries() {
		if e.Name == w.name {
			w.instance, w.born = launchWorker(n.t, n.f, e.AMI, w.name), n.minute
			w.holds = n.fileOf(w.instance)
		}
	}
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

// amirotate runs every so often, while the minutes go on.
func (n *night) amirotate() {
	if n.run == nil && n.minute%runEvery == 2 {
		n.run = make(chan farmtest.Result, 1)
		go func() { n.run <- n.f.Run("rotate", "--json") }()
		return
	}
	select {
	case r := <-n.run:
		n.run = nil
		n.hear(r)
	default:
	}
}

// hear takes down what a run says.
func (n *night) hear(r farmtest.Result) {
	if r.Code != 0 {
		n.t.Fatalf("rotate ended with %d:\n%s%s", r.Code, r.Stdout, r.Stderr)
	}
	var summary struct {
		ListRewritten bool `json:"list_rewritten"`
		Overlap       *rotate.Progress
		Master        struct{ Status string }
	}
	lines := strings.Split(strings.TrimSpace(r.Stdout), "\n")
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &summary); err != nil {
		n.t.Fatal(err)
	}
	text := "rotate: "
	if summary.ListRewritten {
		text += "list rewritten, "
	}
	text += "master " + cmp.Or(summary.Master.Status, "left alone")
	if p := summary.Overlap; p != nil {
		n.stage = p.Stage
		text += fmt.Sprintf("; stage %s: %s", p.Stage, n.named(p.Why))
		if !p.MaySwitch() {
			n.held++
		}
	}
	n.draw.tell(n.minute, "%s", text)
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
	presented := n.presented()
	if n.draw.put("master", presented); presented == 'n' && n.switched == 0 {
		n.switched = n.minute
		n.noticeSwitch()
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

// noticeSwitch fails the test if somebody is left behind.
func (n *night) noticeSwitch() {
	n.draw.tell(n.minute, "the master presents the new certificate")
	if n.oldAlone() && n.strategy == "overlap" {
		n.t.Errorf("minute %d: the master has switched, although a worker trusts the old certificate alone", n.minute)
	}
}

// oldAlone tells whether a worker runs that knows nothing of the new certificate.
func (n *night) oldAlone() bool {
	return slices.ContainsFunc(n.workers, func(w *worker) bool { return n.letter(w.holds) == 'o' })
}

// Old-only instances block the switch; as they are replaced it is allowed; at no
// minute does an instance meet a master that it does not trust.
func TestNightOfOverlap(t *testing.T) {
	n := newNight(t, "overlap")
	n.pass(400, func() bool {
		return n.stage == rotate.StageDone && n.run == nil &&
			!slices.ContainsFunc(n.workers, func(w *worker) bool { return n.letter(w.holds) != 'n' })
	})
	testenv.Figure(t, "strategy overlap\n\n%s", &n.draw)
	if n.held == 0 {
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
	testenv.Figure(t, "strategy cutover\n\n%s", &n.draw)
	if n.strangers == 0 {
		t.Error("there is no gap: nobody met a master that it does not trust")
	}
	for _, w := range n.workers {
		if before := string(n.draw.strips[w.name][:n.switched]); strings.ContainsRune(before, lockedOut) {
			t.Errorf("%s was locked out before the switch: %s", w.name, before)
		}
	}
}

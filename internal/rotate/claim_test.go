package rotate

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/amirotate/amirotate/internal/cloud"
	"github.com/amirotate/amirotate/internal/command"
)

func TestClaimOn(t *testing.T) {
	now := time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC)
	ir := &imageRun{run: &run{Runner: &Runner{Now: func() time.Time { return now }}, word: "me"}, claimed: "me 2030-01-01T12:30:00Z"}
	for value, want := range map[string]claim{
		"":                           claimNone,
		"me 2030-01-01T12:30:00Z":    claimOurs,
		"me 2030-01-01T12:10:00Z":    claimDead, // an earlier run of this machine, whose lock is ours now
		"other 2030-01-01T12:10:00Z": claimOther,
		"other 2030-01-01T12:00:00Z": claimDead,
		"other 2029-12-31T12:10:00Z": claimDead,
		"other soon":                 claimDead,
		"nonsense":                   claimDead,
	} {
		if got := ir.claimOn(&cloud.Instance{Tags: map[string]string{cloud.TagClaim: value}}); got != want {
			t.Errorf("%q: %d, want %d", value, got, want)
		}
	}
	if got := ir.claimOn(nil); got != claimNone {
		t.Errorf("no builder: %d", got)
	}
}

func TestDecideOnClaims(t *testing.T) {
	runs := instance(cloud.InstanceRunning, "")
	for _, test := range []struct {
		claim   claim
		patched bool
		want    deed
	}{
		{claimNone, false, doPatch},
		{claimOther, false, doAwaitOther},
		{claimOther, true, doAwaitOther},
		{claimOurs, true, doStop},
		{claimOurs, false, doDiscardBuilder}, // cut off
		{claimDead, false, doDiscardBuilder},
	} {
		if got := decide(sight{builder: runs, claim: test.claim}, test.patched); got != test.want {
			t.Errorf("claim %d, patched %v: %d, want %d", test.claim, test.patched, got, test.want)
		}
	}
	stopped := instance(cloud.InstanceStopped, userStopped)
	if got := decide(sight{builder: stopped, claim: claimOther}, false); got != doBake {
		t.Errorf("a builder that the other has stopped: %d", got)
	}
}

// A builder on which other commands are run, or none, is not gone on with.
func TestSightWithCommands(t *testing.T) {
	p := &ImagePlan{Patch: "p", commands: []command.Command{{Run: "apt-get -y upgrade"}}}
	builder := func(id, commands string) cloud.Instance {
		tags := ours(cloud.RoleBuilder, "ami-a", "p")
		tags[cloud.TagCommands] = commands
		return cloud.Instance{ID: id, State: cloud.InstanceRunning, Tags: tags}
	}
	mine, others := builder("i-1", commandsID(p.commands)), builder("i-2", "")
	image := func(state cloud.ImageState) []cloud.Image {
		return []cloud.Image{{ID: "ami-b", State: state, Tags: ours(cloud.RoleReplacement, "ami-a", "p")}}
	}
	for _, test := range []struct {
		name      string
		images    []cloud.Image
		instances []cloud.Instance
		builder   string
		spare     []string
	}{
		{"both", nil, []cloud.Instance{others, mine}, "i-1", []string{"i-2"}},
		{"the other's alone", nil, []cloud.Instance{others}, "", []string{"i-2"}},
		{"an image is being made of it", image(cloud.ImagePending), []cloud.Instance{others}, "i-2", nil},
		{"an image was made of it", image(cloud.ImageAvailable), []cloud.Instance{others}, "", []string{"i-2"}},
	} {
		s := p.sight(test.images, test.instances, "ami-a")
		id := ""
		if s.builder != nil {
			id = s.builder.ID
		}
		if id != test.builder || !cmp.Equal(s.spare, test.spare) {
			t.Errorf("%s: builder %q, spare %v", test.name, id, s.spare)
		}
	}
}

func TestCommandsID(t *testing.T) {
	run := func(texts ...string) (c []command.Command) {
		for _, text := range texts {
			c = append(c, command.Command{Run: text})
		}
		return c
	}
	seen := map[string][]command.Command{}
	for _, c := range [][]command.Command{nil, run("a"), run("b"), run("a", "b"), run("ab"), run("b", "a"), run("a 1 b")} {
		id := commandsID(c)
		if other, taken := seen[id]; taken {
			t.Errorf("%v and %v have the same id", c, other)
		}
		seen[id] = c
		role := (&ImagePlan{commands: c}).tokenRole(cloud.RoleBuilder)
		if (role == cloud.RoleBuilder) != (c == nil) {
			t.Errorf("%v: the token says %q", c, role)
		}
	}
	if commandsID([]command.Command{{Run: "a", Timeout: time.Hour}}) != commandsID(run("a")) {
		t.Error("a timeout makes other commands of them")
	}
}

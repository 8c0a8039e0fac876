package cli_test

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/amirotate/amirotate/internal/farmtest"
	"github.com/amirotate/amirotate/internal/sandbox"
	"github.com/amirotate/amirotate/internal/testenv"
	"github.com/google/go-cmp/cmp"
)

// oneFresh is a farm of one image on which a refresh takes a moment. Bakes fail in
// two refreshes in a row, twice; in between EC2 can't be asked for a while.
const oneFresh = `
region: us-west-1
slave_list: one.txt
clock: {scale: 0.005}
timings: {api: 0s, pending: 1s, boot: {linux: 1s}, stop: 1s, image: 2s, terminate: 1s}
throttle: off
security_groups:
  - {id: sg-11111111, name: rust-slave, ingress: [{port: 22, from: bastion}]}
images:
  - id: ami-11111111
    name: rust-linux
    platform: linux
    user: rustbuild
    files:
      - {path: /srv/cert.pem, from: old, mode: "0644"}
faults:
  - {action: CreateImage, nth: 4, error: UnauthorizedOperation, repeat: 2}
  - {action: CreateImage, nth: 11, error: UnauthorizedOperation, repeat: 2}
  - {action: DescribeImages, nth: 1500, error: UnauthorizedOperation, repeat: 3}
`

// years is a farm that goes through simulated years.
type years struct {
	*farmtest.Farm
	runs int

	mu      sync.Mutex
	changes []string // calls of EC2 that change something, since the last run
}

// startYears starts a farm whose clock stands at a time.
func startYears(t *testing.T, scenario, settings string, at time.Time) *years {
	y := &years{}
	y.Farm = startFreshWith(t, scenario, settings, func(o *sandbox.Options) { o.Observe = y.observe })
	y.Sandbox.Clock().Set(at)
	return y
}

func (y *years) observe(point string) {
	action, isCall := strings.CutPrefix(point, "before ")
	if !isCall || action == "" || strings.HasPrefix(action, "Describe") || strings.HasPrefix(action, "Get") {
		return
	}
	y.mu.Lock()
	defer y.mu.Unlock()
	y.changes = append(y.changes, action)
}

// refresh runs the program at a time and returns what it changed.
func (y *years) refresh(at time.Time) (code int, changes []string, r farmtest.Result) {
	y.Sandbox.Clock().Set(at)
	y.runs++
	r = y.Run("refresh", "--quiet", "--log-dir", "runs")
	return r.Code, y.drain(), r
}

func (y *years) drain() []string {
	y.mu.Lock()
	defer y.mu.Unlock()
	changes := y.changes
	y.changes = nil
	return changes
}

// calendar is what the configuration asks for, worked out by the test itself.
type calendar struct {
	start    time.Time
	validity time.Duration // of a certificate
	renew    time.Duration // before its end
	epoch    int           // months
	made     time.Time     // when the certificate was made, zero if it is not
	done     time.Time     // when the images were last made, zero if never
}

// beginning is that of the epoch that a time is in.
func (c *calendar) beginning(at time.Time) time.Time {
	month := (int(at.Month())-1)/c.epoch*c.epoch + 1
	return time.Date(at.Year(), time.Month(month), 1, 0, 0, 0, 0, time.UTC)
}

// due tells whether images have to be made at a time, and the certificate.
func (c *calendar) due(at time.Time) (images, certificate bool) {
	certificate = c.made.IsZero() || at.Sub(c.made) >= c.validity-c.renew
	return certificate || c.done.Before(c.beginning(at)), certificate
}

// near tells whether something is due in or was due in the hours around.
func (c *calendar) near(at time.Time, hours int) bool {
	around := time.Duration(hours) * time.Hour
	if at.Sub(c.start) <= around || at.Sub(c.done) <= around {
		return true
	}
	soon, _ := c.due(at.Add(around))
	return soon
}

// aRotation is all that the rotation of one image changes: a launch is rehearsed,
// and on an image that is itself a replacement the tagging, too; a builder and a
// prover are launched. Each builder of a refresh that failed has spent a client
// token, which is found out by launching with it.
func aRotation(earlier, failed int) map[string]int {
	return map[string]int{"RunInstances": 3 + failed, "StopInstances": 1, "CreateImage": 1, "CreateTags": 1 + min(earlier, 1), "TerminateInstances": 2}
}

// everyHour has the hours far from anything due simulated, too. It takes minutes.
const everyHour = "AMIROTATE_EVERY_HOUR"

// Hourly for three years: images are made when the certificate is due or a new
// epoch begins, through refreshes that fail, and at no other time is anything
// changed. Within half a day of anything due every hour is taken, far from it every sixth.
func TestRefreshForThreeYears(t *testing.T) {
	t.Parallel()
	start := time.Date(2030, 2, 10, 9, 17, 0, 0, time.UTC)
	y := startYears(t, oneFresh, "refresh: {epoch: quarter}\n", start)
	config := strings.Replace(string(y.Read("amirotate.yaml")), "certificate:\n", "certificate:\n  validity: 400d12h30m\n", 1)
	y.Write("amirotate.yaml", config)
	want := &calendar{start: start, validity: 400*24*time.Hour + 12*time.Hour + 30*time.Minute, renew: 60 * 24 * time.Hour, epoch: 3}
	stride := 6
	if os.Getenv(everyHour) != "" {
		stride = 1
	}
	rotations, failures, lookedInVain, expiries, inARow := 0, 0, 0, 0, 0
	for hour := 0; hour < 3*365*24; hour++ {
		at := start.Add(time.Duration(hour) * time.Hour)
		if hour%stride > 0 && !want.near(at, 12) {
			continue
		}
		images, certificate := want.due(at)
		list := string(y.Read("slave-list.txt"))
		code, changes, r := y.refresh(at)
		rewritten := list != string(y.Read("slave-list.txt"))
		if certificate {
			expiries++
			want.made = at
		}
		switch {
		case code == 0 && images && rewritten:
			if want, got := aRotation(rotations, inARow), counts(changes); !cmp.Equal(got, want) {
				t.Errorf("%s: a rotation did %v, want %v", at, got, want)
			}
			rotations++
			want.done = at
			inARow = 0
		case code == 4 && images && strings.Contains(r.Stderr, "UnauthorizedOperation") && !rewritten:
			failures++
			inARow++
		case code == 2 && strings.Contains(r.Stderr, "DescribeImages") && changes == nil:
			lookedInVain++
		case code != 0 || images || rewritten || changes != nil:
			t.Fatalf("%s: exit code %d, images due: %v, list rewritten: %v, changes %v\n%s", at, code, images, rewritten, changes, r.Stderr)
		}
	}
	testenv.Figure(t, "%d refreshes: %d rotations, %d for an expiry, %d failed, %d could not look", y.runs, rotations, expiries, failures, lookedInVain)
	if rotations != 1+12+3 || expiries != 1+3 || failures != 4 || lookedInVain != 3 {
		t.Errorf("want 16 rotations, 4 certificates made, 4 failures and 3 looks in vain")
	}
	y.check(rotations)
}

func counts(actions []string) map[string]int {
	n := map[string]int{}
	for _, a := range actions {
		n[a]++
	}
	return n
}

// check looks at what there is in the end.
func (y *years) check(rotations int) {
	t := y.T
	t.Helper()
	if made := y.CallsOf("CreateImage"); made != rotations || len(y.Folders("images")) != rotations+1 {
		t.Errorf("%d images were made, %d are there, want %d and the source", made, len(y.Folders("images")), rotations)
	}
	if left := y.Folders("instances"); len(left) > 0 {
		t.Errorf("instances %v are left", left)
	}
}

// Two machines that keep the certificate in one place and share the list make
// each image once, also when both begin at once, and leave each other alone
// otherwise. The clock of one is behind.
func TestRefreshOnTwoMachines(t *testing.T) {
	t.Parallel()
	start := time.Date(2030, 2, 10, 9, 17, 0, 0, time.UTC)
	scenario, _, _ := strings.Cut(oneFresh, "faults:")
	y := startYears(t, scenario, "refresh: {epoch: month, lock: first.lock}\n", start)
	config := string(y.Read("amirotate.yaml"))
	config = strings.Replace(config, "  new: bot-cert.pem\n  key: bot-key.pem\n", "  store: {ssm: '/farm/{item}'}\n  validity: 100d12h30m\n", 1)
	y.Write("amirotate.yaml", config)
	y.Write("second.yaml", strings.Replace(config, "first.lock", "second.lock", 1))
	second := *y.Farm
	second.Now = func() time.Time { return y.Sandbox.Clock().Now().Add(-4 * time.Minute) }

	want := &calendar{start: start, validity: 100*24*time.Hour + 12*time.Hour + 30*time.Minute, renew: 60 * 24 * time.Hour, epoch: 1}
	rotations, parameters := 0, 0
	for hour := 0; hour < 130*24; hour++ {
		at := start.Add(time.Duration(hour) * time.Hour)
		if hour%24 > 0 && !want.near(at, 2) {
			continue
		}
		images, certificate := want.due(at)
		if puts := y.puts(images); puts > parameters {
			t.Errorf("before %s, %d parameters were written with nothing due", at, puts-parameters)
		}
		y.Sandbox.Clock().Set(at)
		results := make([]farmtest.Result, 2)
		var both sync.WaitGroup
		both.Go(func() { results[0] = y.Run("refresh", "--quiet", "--log-dir", "runs") })
		both.Go(func() {
			results[1] = second.RunBare(t.Context(), "--config", filepath.Join(y.Dir, "second.yaml"), "refresh", "--quiet", "--log-dir", "runs")
		})
		both.Wait()
		if changes := y.drain(); !images && changes != nil {
			t.Fatalf("%s: nothing is due, but they did %v", at, changes)
		}
		if images {
			rotations++
			want.done, parameters = at, y.puts(true)
			y.check(rotations)
		}
		if certificate {
			want.made = at
		}
		for i, r := range results {
			if r.Code != 0 {
				t.Errorf("%s: machine %d ended with exit code %d\n%s", at, i+1, r.Code, r.Stderr)
			}
		}
	}
	if rotations != 1+4+3 || parameters == 0 {
		t.Errorf("%d rotations, want 8; %d parameters were written", rotations, parameters)
	}
}

// puts counts the parameters that were written, if it is asked to.
func (y *years) puts(count bool) int {
	if !count {
		return 0
	}
	return y.CallsOf("PutParameter")
}

package bench

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/amirotate/amirotate/internal/farmtest"
)

// farmCase is a farm of Linux images and EC2's timings, in simulated time.
type farmCase struct {
	images  int
	scale   float64       // real seconds per simulated second
	slow    time.Duration // how long the first image's builder and prover boot; 0: as the others
	trust   string        // how host keys are verified: console, or accept-new
	pending time.Duration
	boot    time.Duration
	stop    time.Duration
	image   time.Duration
}

// incident is EC2 as it usually is.
func incident(images int, scale float64) farmCase {
	return farmCase{images: images, scale: scale, trust: "console",
		pending: 15 * time.Second, boot: 25 * time.Second, stop: 30 * time.Second, image: 180 * time.Second}
}

// uneven is the incident with times that are no multiples of the 15 s at which
// Packer looks.
func uneven(c farmCase) farmCase {
	c.pending, c.stop, c.image = 17*time.Second, 33*time.Second, 187*time.Second
	return c
}

// api is how long a call takes; terminate an instance's end.
const (
	api       = 100 * time.Millisecond
	terminate = 30 * time.Second
)

// packerPath is what one image needs without proof: Packer ends when its builder
// is terminated.
func (c farmCase) packerPath() time.Duration {
	return c.pending + c.boot + c.stop + c.image + terminate
}

const certPath = "/home/rustbuild/rust-buildbot/rust-bot-cert.pem"

// criticalPath is what one image needs with proof, if nothing but EC2 and the
// computers takes any time.
func (c farmCase) criticalPath() time.Duration {
	return c.pending + max(c.boot, c.slow) + c.stop + c.image + c.pending + max(c.boot, c.slow)
}

// bound is the least time in which EC2 lets all images through: launches come
// from a bucket of 5 that refills at 2 a second, so that the last builder starts
// late, and of all launches, two an image, the last is still to start and boot.
func (c farmCase) bound() time.Duration {
	launched := func(n int) time.Duration { return time.Duration(max(0, float64(n-5)/2) * float64(time.Second)) }
	return max(launched(c.images)+c.criticalPath(), launched(2*c.images)+c.pending+c.boot)
}

func imageID(i int) string { return fmt.Sprintf("ami-%08x", 0x1000+i) }

func (c farmCase) scenario() string {
	var b strings.Builder
	fmt.Fprintf(&b, `region: us-west-1
slave_list: list.txt
clock: {scale: %g}
timings: {api: %s, pending: %s, boot: {linux: %s, windows: %s}, stop: %s, image: %s, terminate: %s}
throttle: aws
security_groups:
  - {id: sg-f5d7a290, name: rust-slave, ingress: [{port: 22, from: bastion}, {port: 5986, from: bastion}]}
images:
`, c.scale, api, c.pending, c.boot, max(c.boot, c.slow), c.stop, c.image, terminate)
	for i := range c.images {
		platform, user, path := "linux", "rustbuild", certPath
		if i == 0 && c.slow > 0 {
			platform, user, path = "windows", "Administrator", `C:\Program Files (x86)\stunnel\cert.pem`
		}
		fmt.Fprintf(&b, "  - {id: %s, name: farm-%d, platform: %s, user: %s, files: [{path: '%s', from: old}]}\n",
			imageID(i), i, platform, user, path)
	}
	return b.String()
}

func (c farmCase) list() string {
	var b strings.Builder
	for i := range c.images {
		fmt.Fprintf(&b, "worker%d secret%d ami=%s instance_type=c3.2xlarge\n", i, i, imageID(i))
	}
	return b.String()
}

// start serves the case's farm, with its own pace as amirotate's.
func (c farmCase) start(t testing.TB) *farmtest.Farm {
	t.Helper()
	f := farmtest.Start(t, c.scenario(), map[string]string{"list.txt": c.list()})
	path := f.Sandbox.Ready().Config
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	changed := strings.ReplaceAll(string(text), "host_key: console", "host_key: "+c.trust)
	if err := os.WriteFile(path, []byte(changed), 0o600); err != nil {
		t.Fatal(err)
	}
	return f
}

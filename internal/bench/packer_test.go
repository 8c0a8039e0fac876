//go:build unix

package bench

import (
	"context"
	"encoding/json"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/amirotate/amirotate/internal/farmtest"
	"github.com/amirotate/amirotate/internal/testenv"
)

// packer builds the same images by Debian's Packer, all at once: a file is
// uploaded through the bastion, with a group and a key that exist, and nothing
// is proven. It waits as it does by default.
func (c farmCase) packer(t testing.TB, f *farmtest.Farm) outcome {
	t.Helper()
	f.AWS("ec2", "import-key-pair", "--key-name", "fixed", "--public-key-material", "fileb://"+f.Sandbox.Ready().Bastion.IdentityFile+".pub")
	template := c.template(t, f)
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	cmd := exec.CommandContext(ctx, "packer", "build", "-color=false", "-machine-readable", template)
	dir := filepath.Dir(template)
	// Whatever is not for the sandbox ends at a proxy that isn't there.
	cmd.Env = append(environment(f), "HOME="+dir, "TMPDIR="+dir, "CHECKPOINT_DISABLE=1", "AWS_EC2_METADATA_DISABLED=true",
		"HTTP_PROXY=http://127.0.0.1:1", "HTTPS_PROXY=http://127.0.0.1:1", "NO_PROXY=127.0.0.1")
	began := time.Now()
	out, err := cmd.CombinedOutput()
	took := time.Since(began)
	if err != nil {
		t.Fatalf("packer: %v\n%s", err, tail(string(out)))
	}
	made := regexp.MustCompile(`(?m),artifact,0,id,us-west-1:(ami-[0-9a-f]{8,17})`).FindAllStringSubmatch(string(out), -1)
	if len(made) != c.images {
		t.Fatalf("packer made %d images\n%s", len(made), tail(string(out)))
	}
	o := outcome{farmCase: c, all: time.Duration(float64(took) / c.scale), calls: map[string]int{}}
	for _, call := range f.Calls() {
		if !isPacker(call) {
			continue
		}
		if call.Error == "RequestLimitExceeded" {
			o.throttled++
		}
		o.calls[call.Action]++
	}
	return o
}

// isPacker tells whether Packer made a call, by the first version of the SDK.
func isPacker(call farmtest.Call) bool { return strings.Contains(call.Agent, "aws-sdk-go/") }

// isOurs tells whether amirotate did.
func isOurs(call farmtest.Call) bool { return strings.Contains(call.Agent, "amirotate/") }

func (c farmCase) template(t testing.TB, f *farmtest.Farm) string {
	t.Helper()
	ready := f.Sandbox.Ready()
	host, port, err := net.SplitHostPort(ready.Bastion.Address)
	if err != nil {
		t.Fatal(err)
	}
	var builders []any
	for i := range c.images {
		builders = append(builders, map[string]any{
			"type": "amazon-ebs", "name": imageID(i), "region": ready.Region, "custom_endpoint_ec2": ready.Endpoint,
			"source_ami": imageID(i), "instance_type": "c3.2xlarge", "ami_name": "packed " + imageID(i),
			"security_group_id": "sg-f5d7a290", "ssh_keypair_name": "fixed", "ssh_private_key_file": ready.Bastion.IdentityFile,
			"ssh_username": "rustbuild", "ssh_interface": "private_ip",
			"ssh_bastion_host": host, "ssh_bastion_port": port, "ssh_bastion_username": ready.Bastion.User,
			"ssh_bastion_private_key_file": ready.Bastion.IdentityFile,
		})
	}
	text, err := json.Marshal(map[string]any{"builders": builders, "provisioners": []any{
		map[string]any{"type": "file", "source": filepath.Join(f.Dir, "new-cert.pem"), "destination": certPath},
	}})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "build.json")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// BenchmarkBesidePacker is the incident in real time, by amirotate and by Packer
// on the same endpoint at the same time; and once more, beside that, with times
// at which Packer does not happen to look. It takes five and a half minutes.
func BenchmarkBesidePacker(b *testing.B) {
	besidePacker(b, incident(4, 1), uneven(incident(4, 1)))
}

// BenchmarkBesidePackerScaled keeps it alive: Packer's own waits are in real
// time, so that nothing is to be read from it but the number of calls.
func BenchmarkBesidePackerScaled(b *testing.B) { besidePacker(b, incident(4, 0.05)) }

// headStart is how much sooner amirotate starts, so that the two don't contend
// for the few launches that EC2 allows at a time.
const headStart = 10 * time.Second

func besidePacker(b *testing.B, cases ...farmCase) {
	testenv.Program(b, "packer")
	program := buildProgram(b)
	for b.Loop() {
		ours, theirs := make([]outcome, len(cases)), make([]outcome, len(cases))
		var runs sync.WaitGroup
		for i, c := range cases {
			f := c.start(b)
			runs.Go(func() { ours[i] = c.rotate(b, f, process(program)) })
			runs.Go(func() {
				time.Sleep(headStart)
				theirs[i] = c.packer(b, f)
			})
		}
		runs.Wait()
		for i, c := range cases {
			b.Logf("pending %v, boot %v, stop %v, image %v", c.pending, c.boot, c.stop, c.image)
			b.Log("amirotate, with proof: " + ours[i].String())
			b.Logf("Packer, without proof: done after %v (critical path, with terminating the builder, %v), %.2f calls an image\n%s",
				theirs[i].all.Round(100*time.Millisecond), c.packerPath(), theirs[i].perImage(), indent(theirs[i].String()))
		}
		b.ReportMetric(ours[0].ratio(), "ratio")
		b.ReportMetric(ours[0].perImage(), "calls/image")
		b.ReportMetric(ours[0].list.Seconds(), "ours-s")
		b.ReportMetric(ours[0].available.Seconds(), "ours-baked-s")
		b.ReportMetric(theirs[0].all.Seconds(), "packer-s")
		b.ReportMetric(theirs[0].perImage(), "packer-calls/image")
	}
}

func indent(s string) string {
	_, calls, _ := strings.Cut(s, "\n")
	return calls
}

package sandbox_test

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/amirotate/amirotate/internal/farmtest"
	"github.com/amirotate/amirotate/internal/testenv"
)

// packerBuild is what differs between builds.
type packerBuild struct {
	source string
	more   map[string]any // settings of the builder
	script []string
}

var packerImage = regexp.MustCompile(`us-west-1: (ami-[0-9a-f]{8,17})`)

// pack runs Debian's Packer: one amazon-ebs build over SSH through the bastion,
// with a file and a shell provisioner. It returns the image.
func pack(f *farmtest.Farm, program string, b packerBuild) string {
	f.T.Helper()
	ready := f.Sandbox.Ready()
	host, port, err := net.SplitHostPort(ready.Bastion.Address)
	if err != nil {
		f.T.Fatal(err)
	}
	builder := map[string]any{
		"type": "amazon-ebs", "region": ready.Region, "custom_endpoint_ec2": ready.Endpoint,
		"source_ami": b.source, "instance_type": "m3.xlarge", "ami_name": "packed from " + b.source, "tags": map[string]string{"made-by": "packer"},
		"ssh_username": "rustbuild", "ssh_interface": "private_ip", "ssh_timeout": "30s",
		"ssh_bastion_host": host, "ssh_bastion_port": port, "ssh_bastion_username": ready.Bastion.User,
		"ssh_bastion_private_key_file": ready.Bastion.IdentityFile,
	}
	maps.Copy(builder, b.more)
	dir := f.T.TempDir()
	template, err := json.Marshal(map[string]any{"builders": []any{builder}, "provisioners": []any{
		map[string]any{"type": "file", "source": filepath.Join(dir, "build.json"), "destination": "/tmp/build.json"},
		map[string]any{"type": "shell", "inline": b.script},
	}})
	if err != nil {
		f.T.Fatal(err)
	}
	file := filepath.Join(dir, "build.json")
	if err := os.WriteFile(file, template, 0o600); err != nil {
		f.T.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(f.T.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, "build", "-color=false", "-machine-readable", file)
	// Whatever is not for the sandbox ends at a proxy that isn't there.
	cmd.Env = []string{"PATH=/usr/bin:/bin", "HOME=" + dir, "TMPDIR=" + dir, "CHECKPOINT_DISABLE=1", "AWS_EC2_METADATA_DISABLED=true",
		"AWS_POLL_DELAY_SECONDS=1", "HTTP_PROXY=http://127.0.0.1:1", "HTTPS_PROXY=http://127.0.0.1:1", "NO_PROXY=127.0.0.1"}
	for name, value := range f.Sandbox.Environment() {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		f.T.Fatalf("packer: %v\n%s", err, out)
	}
	made := packerImage.FindSubmatch(out)
	if made == nil {
		f.T.Fatalf("packer names no image:\n%s", out)
	}
	return string(made[1])
}

// TestDebiansPacker: what Packer bakes amirotate can rotate, and what amirotate
// bakes Packer can build on. Neither leaves anything behind.
func TestDebiansPacker(t *testing.T) {
	program := testenv.Program(t, "/usr/bin/packer")
	t.Parallel()
	f := farmtest.Start(t, "", nil)
	const source, certificate = "ami-7fd23e3b", "home/rustbuild/rust-buildbot/rust-bot-cert.pem"

	packed := pack(f, program, packerBuild{source: source, script: []string{
		"set -e", "sudo mkdir -p /opt/packed", "sudo mv /tmp/build.json '/opt/packed/it'\\''s here.json'", "test ! -e /tmp/build.json",
	}})
	if !bytes.Contains(f.ImageFile(packed, "opt/packed/it's here.json"), []byte("amazon-ebs")) {
		t.Error("what Packer uploaded is not in its image")
	}

	list := bytes.ReplaceAll(f.Read("slave-list.txt"), []byte("ami="+source), []byte("ami="+packed))
	f.Write("slave-list.txt", string(list))
	f.MustRun(0, "rotate")
	var plan struct {
		Images []struct{ Source, Action string }
	}
	f.MustRun(0, "plan", "--json").JSON(t, &plan)
	fromList := regexp.MustCompile(`(?m)^linux1\s.*ami=(ami-\w+)`).FindSubmatch(f.Read("slave-list.txt"))
	if fromList == nil || string(fromList[1]) == packed {
		t.Fatalf("the list after rotating:\n%s", f.Read("slave-list.txt"))
	}
	replacement := string(fromList[1])
	for _, i := range plan.Images {
		if i.Action != "none" {
			t.Errorf("%s: still to %s", i.Source, i.Action)
		}
	}
	before, after := f.Tree(packed), f.Tree(replacement)
	if !slices.Equal(before, after) || !bytes.Equal(f.ImageFile(replacement, certificate), f.Read("new-cert.pem")) {
		t.Errorf("files before %q, after %q", before, after)
	}

	f.AWS("ec2", "import-key-pair", "--key-name", "fixed", "--public-key-material", "fileb://"+f.Sandbox.Ready().Bastion.IdentityFile+".pub")
	again := pack(f, program, packerBuild{source: replacement, script: []string{"sudo cp /tmp/build.json /etc/again.json", "rm /tmp/build.json"},
		more: map[string]any{
			"security_group_id": "sg-f5d7a290", "ssh_keypair_name": "fixed", "ssh_private_key_file": f.Sandbox.Ready().Bastion.IdentityFile,
		}})
	if !bytes.Equal(f.ImageFile(again, certificate), f.Read("new-cert.pem")) {
		t.Error("Packer's image of the replacement does not hold the new certificate")
	}
	added := slices.DeleteFunc(f.Tree(again), func(path string) bool { return slices.Contains(after, path) })
	if !slices.Equal(added, []string{"etc/again.json"}) {
		t.Errorf("the build added %q", added)
	}

	for _, i := range f.Sandbox.State().Instances() {
		if i.State != "terminated" {
			t.Errorf("%s is left, %s", i.ID, i.State)
		}
	}
	if out := f.AWS("ec2", "describe-key-pairs", "--query", "KeyPairs[].KeyName", "--output", "text"); strings.TrimSpace(out) != "fixed" {
		t.Errorf("keys left: %q", out)
	}
	if out := f.AWS("ec2", "describe-security-groups", "--query", "SecurityGroups[?starts_with(GroupName, 'packer')].GroupName", "--output", "text"); strings.TrimSpace(out) != "" {
		t.Errorf("groups left: %q", out)
	}
}

package sandbox_test

import (
	"bytes"
	"context"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/amirotate/amirotate/internal/sandbox"
	"github.com/amirotate/amirotate/internal/testenv"
)

// shell is a client's environment.
type shell struct {
	t   *testing.T
	s   *sandbox.Sandbox
	env []string
}

func newShell(t *testing.T, s *sandbox.Sandbox) *shell {
	home := t.TempDir()
	env := []string{"PATH=/usr/bin:/bin", "HOME=" + home, "LC_ALL=C", "AWS_PAGER=", "AWS_EC2_METADATA_DISABLED=true", "AWS_CONFIG_FILE=" + filepath.Join(home, "none")}
	for name, value := range s.Environment() {
		env = append(env, name+"="+value)
	}
	return &shell{t, s, env}
}

func (sh *shell) run(program string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(sh.t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	var errs bytes.Buffer
	cmd.Env, cmd.Stderr = sh.env, &errs
	out, err := cmd.Output()
	if err != nil {
		return errs.String(), err
	}
	return strings.TrimSpace(string(out)), nil
}

// aws runs Debian's AWS CLI. Versions before 2.13 do not know AWS_ENDPOINT_URL,
// so the endpoint is always an argument: a call must never leave the machine.
func (sh *shell) aws(program string, args ...string) string {
	sh.t.Helper()
	out, err := sh.run(program, append([]string{"--endpoint-url", sh.s.Ready().Endpoint, "--output", "text"}, args...)...)
	if err != nil {
		sh.t.Fatalf("aws %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

func TestDebiansAWS(t *testing.T) {
	program := testenv.Program(t, "/usr/bin/aws")
	s := start(t, scenarioFile(t, ""))
	sh := newShell(t, s)
	if out := sh.aws(program, "ec2", "describe-images", "--owners", "self", "--query", "Images[].[ImageId,Name]"); out != image+"\tit's mine" {
		t.Errorf("describe-images: %q", out)
	}
	id := sh.aws(program, "ec2", "run-instances", "--image-id", image, "--instance-type", "c3.xlarge", "--security-groups", "rust-slave",
		"--tag-specifications", "ResourceType=instance,Tags=[{Key=Name,Value=x}]", "--query", "Instances[0].InstanceId")
	sh.aws(program, "ec2", "wait", "instance-running", "--instance-ids", id)
	made := sh.aws(program, "ec2", "create-image", "--instance-id", id, "--name", "from the CLI", "--query", "ImageId")
	sh.aws(program, "ec2", "wait", "image-available", "--image-ids", made)
	sh.aws(program, "ec2", "terminate-instances", "--instance-ids", id)
	if out, err := sh.run(program, "--endpoint-url", s.Ready().Endpoint, "ec2", "describe-images", "--image-ids", "ami-00000000"); err == nil ||
		!strings.Contains(out, "An error occurred (InvalidAMIID.NotFound) when calling the DescribeImages operation: The image id '[ami-00000000]' does not exist") {
		t.Errorf("an image that is not there: %v: %s", err, out)
	}
}

func TestSSHThroughTheBastion(t *testing.T) {
	program := testenv.Program(t, "ssh")
	s := start(t, scenarioFile(t, "timings: {boot: {linux: 1s}}\nsecurity_groups:\n"+
		"  - {id: sg-0000beef, name: rust-slave, ingress: [{port: 22, from: bastion}]}\n  - {id: sg-0000bee1, name: closed}\n"+
		"instances:\n  - {id: i-0000beef, image: "+image+"}\n  - {id: i-0000bee1, image: "+image+", security_groups: [closed]}\n"))
	sh := newShell(t, s)
	b := s.Ready().Bastion
	hosts := filepath.Join(t.TempDir(), "hosts")
	connect := func(address string) (string, error) {
		options := "-F none -o BatchMode=yes -o ConnectTimeout=5 -o IdentitiesOnly=yes -i " + b.IdentityFile + " "
		host, port, _ := strings.Cut(b.Address, ":")
		jump := "ssh " + options + "-o UserKnownHostsFile=" + b.KnownHosts + " -o StrictHostKeyChecking=yes -p " + port + " -W %h:%p " + b.User + "@" + host
		args := append(strings.Fields(options), "-o", "ProxyCommand="+jump, "-o", "UserKnownHostsFile="+hosts, "-o", "StrictHostKeyChecking=accept-new",
			"rustbuild@"+address, "cat '/srv/it'\\''s here/a file.pem'")
		return sh.run(program, args...)
	}
	all := s.State().Instances()
	eventually(t, "the host answers", func(context.Context) (bool, error) {
		out, err := connect(all[0].Address.String())
		if err == nil && out != "old" {
			t.Errorf("it said %q", out)
		}
		return err == nil, nil
	})
	if out, err := connect(all[1].Address.String()); err == nil {
		t.Errorf("a host whose group is closed said %q", out)
	}
}

package sandbox_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"github.com/amirotate/amirotate/internal/config"
	"github.com/amirotate/amirotate/internal/sandbox"
)

// start serves a scenario, "" for the default one, until the test ends.
func start(t *testing.T, file string) *sandbox.Sandbox {
	t.Helper()
	s, err := sandbox.Start(t.Context(), sandbox.Options{Dir: t.TempDir(), Scenario: file})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// client is the real SDK's.
func client(s *sandbox.Sandbox) *ec2.Client {
	env := s.Environment()
	return ec2.New(ec2.Options{
		Region: env["AWS_REGION"], BaseEndpoint: aws.String(env["AWS_ENDPOINT_URL"]),
		Credentials: credentials.NewStaticCredentialsProvider(env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"], ""),
	})
}

// eventually asks until the answer is yes.
func eventually(t *testing.T, what string, ask func(context.Context) (bool, error)) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for {
		yes, err := ask(ctx)
		if err != nil {
			t.Fatalf("waiting until %s: %v", what, err)
		}
		if yes {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("never came: %s", what)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// scenarioFile writes a scenario of one image with an addition.
func scenarioFile(t *testing.T, more string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"old.pem": "old\n", "new.pem": "new\n",
		"scenario.yaml": `certificate: {old: old.pem, new: new.pem}
clock: {scale: 0.0005}
images:
  - id: ami-0123456789abcdef0
    name: "it's mine"
    files: [{path: "/srv/it's here/a file.pem", from: old}]
` + more,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "scenario.yaml")
}

const image = "ami-0123456789abcdef0"

// code is EC2's code of an error.
func code(err error) string {
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		return api.ErrorCode()
	}
	return fmt.Sprint(err)
}

func launchInput() *ec2.RunInstancesInput {
	return &ec2.RunInstancesInput{
		ImageId: aws.String(image), InstanceType: types.InstanceTypeC3Xlarge, MinCount: aws.Int32(1), MaxCount: aws.Int32(1),
		SecurityGroups: []string{"rust-slave"},
	}
}

func instanceState(t *testing.T, c *ec2.Client, id string) types.InstanceStateName {
	t.Helper()
	out, err := c.DescribeInstances(t.Context(), &ec2.DescribeInstancesInput{InstanceIds: []string{id}})
	if err != nil {
		t.Fatal(err)
	}
	return out.Reservations[0].Instances[0].State.Name
}

func TestFolder(t *testing.T) {
	ready := filepath.Join(t.TempDir(), "ready.json")
	dir := filepath.Join(t.TempDir(), "new", "farm")
	s, err := sandbox.Start(t.Context(), sandbox.Options{Dir: dir, ReadyFile: ready})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, name := range []string{
		"env", "amirotate.yaml", "slave-list.txt", "old-cert.pem", "new-cert.pem", "new-key.pem", "ssh/identity", "ssh/known_hosts",
		"images/ami-7fd23e3b/root/home/rustbuild/rust-buildbot/rust-bot-cert.pem",
		"images/ami-b74fa1f3/root/C/Program Files (x86)/stunnel/cert.pem", "images/ami-b74fa1f3/root/C/bot/cert.pem", "instances", "api.jsonl",
	} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
	text, err := os.ReadFile(ready)
	if err != nil {
		t.Fatal(err)
	}
	var got sandbox.Ready
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(s.Ready(), got); diff != "" {
		t.Error(diff)
	}
	if _, err := sandbox.Start(t.Context(), sandbox.Options{Dir: dir}); err == nil || !strings.Contains(err.Error(), "being served") {
		t.Errorf("a second sandbox of the same folder: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := sandbox.Start(t.Context(), sandbox.Options{Dir: dir})
	if err != nil {
		t.Fatalf("an earlier sandbox's folder: %v", err)
	}
	again.Close()
}

func TestFolderOfSomebodyElseIsRefused(t *testing.T) {
	dir := t.TempDir()
	precious := filepath.Join(dir, "env")
	if err := os.WriteFile(precious, []byte("precious"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := sandbox.Start(t.Context(), sandbox.Options{Dir: dir}); err == nil || !strings.Contains(err.Error(), "it has env already") {
		t.Errorf("got %v", err)
	}
	if text, err := os.ReadFile(precious); err != nil || string(text) != "precious" {
		t.Errorf("%q, %v", text, err)
	}
}

// A script keeps its scenario and its logs in the same folder.
func TestFolderKeepsWhatOthersPutThere(t *testing.T) {
	dir := t.TempDir()
	theirs := filepath.Join(dir, "sandbox.log")
	if err := os.WriteFile(theirs, []byte("theirs"), 0o644); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		s, err := sandbox.Start(t.Context(), sandbox.Options{Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	if text, err := os.ReadFile(theirs); err != nil || string(text) != "theirs" {
		t.Errorf("%q, %v", text, err)
	}
}

func TestOnlyLoopbackIsServed(t *testing.T) {
	for _, address := range []string{"0.0.0.0:0", "10.0.0.1:80", ":80", "localhost"} {
		if _, err := sandbox.Start(t.Context(), sandbox.Options{Dir: t.TempDir(), Listen: address}); err == nil {
			t.Errorf("%s is served", address)
		}
	}
}

func TestEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s, err := sandbox.Start(ctx, sandbox.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	eventually(t, "nobody listens", func(context.Context) (bool, error) {
		conn, err := net.Dial("tcp", strings.TrimPrefix(s.Ready().Endpoint, "http://"))
		if err == nil {
			conn.Close()
		}
		return err != nil, nil
	})
}

func TestConfigurationIsAmirotates(t *testing.T) {
	s := start(t, "")
	c, err := config.Load(s.Ready().Config, func(name string) string { return s.Environment()[name] })
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ platform, worker, user, path string }{
		{"linux", "linux1", "rustbuild", "/home/rustbuild/rust-buildbot/rust-bot-cert.pem"},
		{"linux", "linux-snap2", "root", "/build/rust-bot-cert.pem"},
		{"windows", "win1", "Administrator", `C:\Program Files (x86)\stunnel\cert.pem`},
	} {
		p, err := c.For(test.platform, []string{test.worker})
		if err != nil {
			t.Fatal(err)
		}
		if p.User != test.user || len(p.Files) != 1 || p.Files[0].Path != test.path {
			t.Errorf("%s: %s, %+v", test.worker, p.User, p.Files)
		}
	}
}

func TestConfigurationOfQuotesAndGlobs(t *testing.T) {
	more := `  - {id: ami-0000beef, name: other, user: "o'brien", files: [{path: '/a "b" c', from: old}]}
  - {id: ami-0000bee1, name: third, files: [{path: "/srv/it's here/a file.pem", from: old}]}
slave_list: list
`
	file := scenarioFile(t, more)
	if err := os.WriteFile(filepath.Join(filepath.Dir(file), "list"), []byte("w*[1] pw ami=ami-0000beef\nw22 pw ami="+image+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	s := start(t, file)
	c, err := config.Load(s.Ready().Config, func(string) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	odd, err := c.For("linux", []string{"w*[1]"})
	if err != nil {
		t.Fatal(err)
	}
	even, err := c.For("linux", []string{"w22"})
	if err != nil {
		t.Fatal(err)
	}
	if odd.User != "o'brien" || odd.Files[0].Path != `/a "b" c` || even.User != "rustbuild" || even.Files[0].Path != "/srv/it's here/a file.pem" {
		t.Errorf("%+v\n%+v", odd, even)
	}
}

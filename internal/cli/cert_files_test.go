package cli_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/amirotate/amirotate/internal/farmtest"
	"github.com/amirotate/amirotate/internal/slavelist"
)

// dockerFarm is an account with one image that holds an old set, and whose
// configuration puts a new one in place: three files, each with its own old and
// new content.
func dockerFarm(t *testing.T, spoil func(files map[string]string)) *farmtest.Farm {
	t.Helper()
	old, new := newCertBench(t, dockerSet), newCertBench(t, dockerSet)
	old.ensure()
	new.ensure()
	onImage := map[string]string{}
	for _, name := range []string{"ca.pem", "cert.pem", "key.pem"} {
		onImage[name] = old.read("docker/" + name)
	}
	if spoil != nil {
		spoil(onImage)
	}
	f := farmtest.Start(t, `
clock: {scale: 0.0001}
images:
  - id: ami-0d0c0e00
    name: docker
    platform: linux
    user: root
    files:
      - {path: /etc/ca.pem, from: ca.pem, mode: "0644"}
      - {path: /etc/cert.pem, from: cert.pem, mode: "0644"}
      - {path: /etc/key.pem, from: key.pem, mode: "0600"}
security_groups: [{id: sg-0a0a0a0a, name: builders, ingress: [{port: 22, from: bastion}]}]
`, onImage)
	var files strings.Builder
	for _, name := range []string{"ca.pem", "cert.pem", "key.pem"} {
		f.Write("old-"+name, old.read("docker/"+name))
		f.Write("new-"+name, new.read("docker/"+name))
		fmt.Fprintf(&files, "      - {path: /etc/%s, old: old-%s, new: new-%s}\n", name, name, name)
	}
	config := string(f.Read("amirotate.yaml"))
	at := strings.Index(config, "\nplatforms:\n  linux:\n")
	if at < 0 {
		t.Fatalf("no platform in\n%s", config)
	}
	at += len("\nplatforms:\n  linux:\n")
	f.Write("amirotate.yaml", config[:at]+"    files:\n"+files.String()+config[at:])
	return f
}

// TestCertFilesOfOneImage: certificate, key and authority are replaced together,
// and keep their modes.
func TestCertFilesOfOneImage(t *testing.T) {
	f := dockerFarm(t, nil)
	f.MustRun(0, "rotate")
	list, err := slavelist.Parse("slave-list.txt", f.Read("slave-list.txt"))
	if err != nil {
		t.Fatal(err)
	}
	image := list.Images()[0]
	if image == "ami-0d0c0e00" {
		t.Fatal("the list still has the old image")
	}
	for name, mode := range map[string]os.FileMode{"ca.pem": 0o644, "cert.pem": 0o644, "key.pem": 0o600} {
		if got, want := string(f.ImageFile(image, "etc/"+name)), string(f.Read("new-"+name)); got != want {
			t.Errorf("%s holds another content", name)
		}
		info, err := os.Stat(filepath.Join(f.Dir, "images", image, "root/etc", name))
		if err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: mode %v, want %v, %v", name, info.Mode(), mode, err)
		}
	}
}

// TestCertFilesAllOrNone: one that holds something unexpected keeps all from
// being replaced.
func TestCertFilesAllOrNone(t *testing.T) {
	for _, name := range []string{"ca.pem", "cert.pem", "key.pem"} {
		f := dockerFarm(t, func(files map[string]string) { files[name] += "\n# edited by hand\n" })
		before := string(f.Read("slave-list.txt"))
		r := f.MustRun(4, "rotate")
		if !strings.Contains(r.Stdout+r.Stderr, "/etc/"+name) {
			t.Errorf("it does not name /etc/%s:\n%s%s", name, r.Stdout, r.Stderr)
		}
		if string(f.Read("slave-list.txt")) != before || len(f.Folders("images")) != 1 {
			t.Errorf("an image was made though /etc/%s is unexpected", name)
		}
	}
}

// TestCertFilesKeyOfAnother: before anything is launched.
func TestCertFilesKeyOfAnother(t *testing.T) {
	f := dockerFarm(t, nil)
	other := newCertBench(t, selfSigned)
	other.ensure()
	f.Write("new-key.pem", other.read("bot-key.pem"))
	if r := f.MustRun(2, "plan"); !strings.Contains(r.Stdout+r.Stderr, "new-key.pem is the key of none") {
		t.Errorf("it says\n%s%s", r.Stdout, r.Stderr)
	}
	if n := f.CallsOf("RunInstances"); n != 0 {
		t.Errorf("%d launches", n)
	}
}

package main

import (
	"bytes"
	"debug/buildinfo"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// packed makes everything but the program, from a copy of this test's own, in a
// folder and at a time of its own.
func packed(t *testing.T) (dir string) {
	t.Helper()
	work := t.TempDir()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	r := &release{root: root, out: filepath.Join(work, "out"), docs: filepath.Join(work, "docs"),
		source: source{version: "1.2.3", commit: "0123456789abcdef", time: time.Unix(1437350400, 0).UTC()}}
	for _, name := range []string{"man1/amirotate.1", "bash/amirotate", "zsh/_amirotate", "fish/amirotate.fish", "powershell/amirotate.ps1"} {
		if err := writeFile(filepath.Join(r.docs, name), []byte(name)); err != nil {
			t.Fatal(err)
		}
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	binary := filepath.Join(work, "amirotate")
	if err := writeFile(binary, program); err != nil {
		t.Fatal(err)
	}
	bill, err := billOf(binary, r.source)
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{
		r.writeUnits(t.Context()), writeFile(filepath.Join(r.out, "bill.cdx.json"), bill),
		r.archive(binary, "linux", "amd64"), r.archive(binary, "windows", "amd64"),
		r.deb(binary, bill, "arm64"), checksums(r.out),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return r.out
}

func TestSameBytes(t *testing.T) {
	one := packed(t)
	time.Sleep(1100 * time.Millisecond) // past the resolution of every format
	two := packed(t)
	files, err := filesBelow(one)
	if err != nil || len(files) != 5 {
		t.Fatalf("files %v, %v", files, err)
	}
	for _, f := range files {
		a, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(filepath.Join(two, filepath.Base(f)))
		if err != nil || !bytes.Equal(a, b) {
			t.Errorf("%s differs: %v", filepath.Base(f), err)
		}
	}
	if out, err := run(one, "sha256sum", "-c", "SHA256SUMS"); err != nil {
		t.Errorf("sha256sum: %v\n%s", err, out)
	}
}

func run(dir, name string, args ...string) (string, error) {
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// need is for a test that needs a program: without it the test is skipped, and
// fails in CI.
func need(t *testing.T, program string) {
	t.Helper()
	_, err := exec.LookPath(program)
	if err != nil && os.Getenv("CI") != "" {
		t.Fatal(err)
	} else if err != nil {
		t.Skip(err)
	}
}

func TestDeb(t *testing.T) {
	need(t, "dpkg-deb")
	dir := packed(t)
	out, err := run(dir, "dpkg-deb", "-I", "amirotate_1.2.3_arm64.deb")
	for _, want := range []string{" Package: amirotate\n", " Version: 1.2.3\n", " Architecture: arm64\n"} {
		if err != nil || !strings.Contains(out, want) {
			t.Errorf("no %q: %v\n%s", want, err, out)
		}
	}
	if strings.Contains(out, "Depends:") {
		t.Errorf("the package needs others:\n%s", out)
	}
	out, err = run(dir, "dpkg-deb", "-c", "amirotate_1.2.3_arm64.deb")
	for _, want := range []string{
		"-rwxr-xr-x root/root", "2015-07-20 00:00 ./usr/bin/amirotate\n", "./usr/share/man/man1/amirotate.1.gz\n",
		"./usr/share/bash-completion/completions/amirotate\n", "./usr/share/zsh/vendor-completions/_amirotate\n",
		"./usr/share/fish/vendor_completions.d/amirotate.fish\n", "./usr/lib/systemd/system/amirotate-refresh.timer\n",
		"./usr/share/doc/amirotate/copyright\n", "./usr/share/doc/amirotate/bill-of-materials.cdx.json\n",
	} {
		if err != nil || !strings.Contains(out, want) {
			t.Errorf("no %q: %v\n%s", want, err, out)
		}
	}
}

// The bill names just what the program was linked from.
func TestBill(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	data, err := billOf(self, source{version: "1.2.3"})
	if err != nil {
		t.Fatal(err)
	}
	var bill struct {
		BOMFormat  string
		Components []struct{ Name, Version, PURL string }
	}
	if err := json.Unmarshal(data, &bill); err != nil {
		t.Fatal(err)
	}
	info, err := buildinfo.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	if bill.BOMFormat != "CycloneDX" || len(bill.Components) != len(info.Deps)+1 || bill.Components[0].Name != "std" {
		t.Errorf("%s with %d components for %d modules: %s", bill.BOMFormat, len(bill.Components), len(info.Deps), data)
	}
	for i, m := range info.Deps {
		if c := bill.Components[i+1]; c.PURL != "pkg:golang/"+m.Path+"@"+m.Version {
			t.Errorf("%s is named %s", m.Path, c.PURL)
		}
	}
}

// The units are what systemd understands, and are about the package's places.
func TestUnits(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	r := &release{root: root, docs: filepath.Join(t.TempDir(), "docs")}
	if err := r.writeUnits(t.Context()); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(r.units, "amirotate-refresh.service")
	unit, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"ConditionPathExists=/etc/amirotate/amirotate.yaml\n",
		"ExecStart=/usr/bin/amirotate refresh --config /etc/amirotate/amirotate.yaml"} {
		if !strings.Contains(string(unit), want) {
			t.Errorf("no %q in\n%s", want, unit)
		}
	}
	if strings.Contains(string(unit), filepath.Dir(r.docs)) {
		t.Errorf("a folder of the build is left in\n%s", unit)
	}
	need(t, "systemd-analyze")
	// verify wants the program to be where the unit says.
	if err := writeFile(path, []byte(strings.ReplaceAll(string(unit), "/usr/bin/amirotate", "/bin/true"))); err != nil {
		t.Fatal(err)
	}
	if out, err := run(r.units, "systemd-analyze", "verify", "--man=no", "./amirotate-refresh.service", "./amirotate-refresh.timer"); err != nil || strings.Contains(out, "Unknown") {
		t.Errorf("%v\n%s", err, out)
	}
}

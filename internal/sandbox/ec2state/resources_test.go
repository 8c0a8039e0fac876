package ec2state

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTags(t *testing.T) {
	w := newWorld(t, nil)
	before := w.image(linuxImage).Tags
	if err := w.CreateTags([]string{linuxImage}, map[string]string{"a": "1", "b": "2"}, false); err != nil {
		t.Fatal(err)
	}
	if _, changed := before["a"]; changed {
		t.Error("what was handed out before has changed")
	}
	if err := w.DeleteTags([]string{linuxImage}, map[string]*string{"a": new("other"), "b": nil, "Name": new("rust-linux")}, false); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"a": "1", "team": "infra"}, w.image(linuxImage).Tags); diff != "" {
		t.Error(diff)
	}
	refused(t, w.CreateTags([]string{linuxImage, "i-00000000"}, map[string]string{"c": ""}, false), "InvalidInstanceID.NotFound")
	refused(t, w.CreateTags([]string{linuxImage, "ami-00000000"}, map[string]string{"c": ""}, false), "InvalidAMIID.NotFound")
	refused(t, w.CreateTags([]string{"nonsense"}, map[string]string{"c": ""}, false), "InvalidID")
	refused(t, w.CreateTags([]string{linuxImage}, map[string]string{"c": ""}, true), "DryRunOperation")
	if _, there := w.image(linuxImage).Tags["c"]; there {
		t.Error("a refused call has set a tag")
	}
	for i := range 60 {
		if err := w.CreateTags([]string{linuxImage}, map[string]string{fmt.Sprint(i): ""}, false); err != nil {
			refused(t, err, "TagLimitExceeded")
			if i != 48 {
				t.Errorf("refused after %d tags", i+2)
			}
			break
		}
	}
}

func TestTagRules(t *testing.T) {
	for _, tags := range []map[string]string{{"": "x"}, {"aws:x": "y"}, {"AWS:x": "y"}, {strings.Repeat("k", 128): ""}, {"k": strings.Repeat("v", 256)}} {
		refused(t, CheckTags(tags), "InvalidParameterValue")
	}
	if err := CheckTags(map[string]string{strings.Repeat("ä", 127): strings.Repeat("ö", 255)}); err != nil {
		t.Error(err)
	}
}

func TestGroups(t *testing.T) {
	w := newWorld(t, nil)
	g, err := w.CreateGroup("new", "for a test", "", nil, false)
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.CreateGroup("new", "again", "", nil, false)
	refused(t, err, "InvalidGroup.Duplicate")
	rule := Rule{Protocol: "tcp", FromPort: 22, ToPort: 22, CIDR: netip.MustParsePrefix("10.0.0.0/8")}
	_, made, err := w.Authorize("", "new", []Rule{rule}, false)
	if err != nil || made[0].ID == "" {
		t.Fatalf("%+v, %v", made, err)
	}
	_, _, err = w.Authorize(g.ID, "", []Rule{rule}, false)
	refused(t, err, "InvalidPermission.Duplicate")
	in := request(linuxImage)
	in.GroupNames = []string{"new"}
	id := w.launch(in).ID
	refused(t, w.DeleteGroup(g.ID, "", false), "DependencyViolation")
	if err := w.Revoke(g.ID, "", []Rule{rule}, nil, false); err != nil {
		t.Error(err)
	}
	refused(t, w.Revoke(g.ID, "", []Rule{rule}, nil, false), "InvalidPermission.NotFound")
	w.must(w.TerminateInstances([]string{id}, false))
	w.until(id, Terminated)
	if err := w.DeleteGroup(g.ID, "", false); err != nil {
		t.Error(err)
	}
	refused(t, w.DeleteGroup(g.ID, "", false), "InvalidGroup.NotFound")
	refused(t, w.DeleteGroup("", "default", false), "CannotDelete")
}

func TestPasswordData(t *testing.T) {
	w := newWorld(t, nil)
	_, private, err := w.CreateKeyPair("mine", "rsa", nil, false)
	if err != nil {
		t.Fatal(err)
	}
	req := request(windowsImage)
	req.KeyName = "mine"
	id := w.launch(req).ID
	w.eventually("the password is known", func() bool {
		data, _, err := w.PasswordData(id, false)
		return err == nil && data != ""
	})
	if w.bench.boots(id)[0].PublicKey == "" {
		t.Error("the computer is not told its key")
	}
	data, _, _ := w.PasswordData(id, false)
	sealed, err := base64.StdEncoding.DecodeString(data)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode([]byte(private))
	key, err := x509.ParsePKCS1PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	if password, err := rsa.DecryptPKCS1v15(nil, key, sealed); err != nil || string(password) != "geheim" {
		t.Errorf("%q, %v", password, err)
	}
	w.must(w.DeleteKeyPair("mine", "", false))
	w.must(w.DeleteKeyPair("mine", "", false))
}

func TestConsole(t *testing.T) {
	w := newWorld(t, nil)
	id := w.running(linuxImage)
	_, _, err := w.ConsoleOutput(id, true, false)
	refused(t, err, "UnsupportedOperation")
	w.must(w.StopInstances([]string{id}, false))
	w.until(id, Stopped)
	out, _, err := w.ConsoleOutput(id, false, false)
	if err != nil || string(out) != "console of "+id {
		t.Errorf("%q, %v", out, err)
	}
}

func TestAddressesAreUniqueAndReused(t *testing.T) {
	w := newWorld(t, nil)
	seen := map[netip.Addr]bool{}
	for range 40 {
		in := w.launch(request(linuxImage))
		if seen[in.Address] || !vpcCIDR.Contains(in.Address) {
			t.Errorf("%s has %s", in.ID, in.Address)
		}
		seen[in.Address] = true
	}
	full := request(linuxImage)
	full.Max = 1 << 12
	_, err := w.RunInstances(full)
	refused(t, err, "InsufficientFreeAddressesInSubnet")
	n := &Subnet{ID: "subnet-x", CIDR: netip.MustParsePrefix("127.66.16.0/29")}
	var got []string
	for range 3 {
		got = append(got, w.allocate(n).String())
	}
	if diff := cmp.Diff([]string{"127.66.16.4", "127.66.16.5", "127.66.16.6"}, got); diff != "" {
		t.Error(diff)
	}
	delete(w.addresses, netip.MustParseAddr("127.66.16.5"))
	if a := w.allocate(n); a.String() != "127.66.16.5" {
		t.Errorf("a freed address is not used again: %s", a)
	}
}

func TestInstanceTypes(t *testing.T) {
	tests := map[string]InstanceType{
		"t1.micro": {Name: "t1.micro", Architectures: []string{"i386", "x86_64"}, Virtualizations: []string{"paravirtual"},
			BootModes: []string{"legacy-bios"}, ENA: "unsupported", VCPUs: 1, MemoryMiB: 627},
		"c3.2xlarge": {Name: "c3.2xlarge", Architectures: []string{"x86_64"}, Virtualizations: []string{"hvm", "paravirtual"},
			BootModes: []string{"legacy-bios"}, ENA: "unsupported", VCPUs: 8, MemoryMiB: 15360},
		"t4g.small": {Name: "t4g.small", Architectures: []string{"arm64"}, Virtualizations: []string{"hvm"}, BootModes: []string{"uefi"},
			ENA: "required", Nitro: true, CurrentGeneration: true, Burstable: true, VCPUs: 2, MemoryMiB: 2048},
		"m7i.4xlarge": {Name: "m7i.4xlarge", Architectures: []string{"x86_64"}, Virtualizations: []string{"hvm"},
			BootModes: []string{"legacy-bios", "uefi"}, ENA: "required", Nitro: true, CurrentGeneration: true, VCPUs: 16, MemoryMiB: 65536},
	}
	for name, want := range tests {
		if diff := cmp.Diff(want, instanceTypes()[name]); diff != "" {
			t.Error(diff)
		}
	}
	all := InstanceTypes()
	if len(all) < 200 || !slices.IsSortedFunc(all, func(a, b InstanceType) int { return strings.Compare(a.Name, b.Name) }) {
		t.Errorf("%d types", len(all))
	}
}

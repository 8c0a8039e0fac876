package ec2state

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/amirotate/amirotate/internal/sandbox/scenario"
)

func TestCreateImageOfAStoppedInstance(t *testing.T) {
	w := newWorld(t, nil)
	id := w.running(linuxImage)
	w.must(w.StopInstances([]string{id}, false))
	w.until(id, Stopped)
	w.write(id, certificate, "new")
	made, err := w.CreateImage(ImageRequest{InstanceID: id, Name: "one", Tags: map[string]map[string]string{
		"image": {"a": "b"}, "snapshot": {"c": "d"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	im := w.image(made)
	if im.State != "pending" && im.State != "available" || im.Tags["a"] != "b" {
		t.Errorf("unexpected image: %+v", im)
	}
	w.write(id, certificate, "newer") // after the snapshot
	w.imaged(made, "available")
	text, err := os.ReadFile(filepath.Join(w.ImageRoot(made), certificate))
	if err != nil || string(text) != "new" {
		t.Errorf("the image holds %q, %v", text, err)
	}
	if w.bench.isOn(id) || len(w.bench.boots(id)) != 1 {
		t.Error("a stopped instance was booted")
	}
	next := w.running(made)
	if diff := cmp.Diff([]string{next, made, linuxImage}, w.bench.boots(next)[0].Lineage); diff != "" {
		t.Error(diff)
	}
	if w.bench.boots(next)[0].User != "rustbuild" {
		t.Error("the image does not know its user any more")
	}
}

func TestCreateImageCarriesWhatEC2Carries(t *testing.T) {
	w := newWorld(t, func(sc *scenario.Scenario) {
		im := &sc.Images[1]
		im.BootMode, im.TPMSupport, im.IMDSSupport, im.ENASupport = "legacy-bios", "v2.0", "v2.0", true
		im.DeprecationTime = time.Now().AddDate(1, 0, 0)
		im.BlockDevices[0].Encrypted, im.BlockDevices[0].IOPS = true, 3000
	})
	id := w.running(linuxImage)
	made, err := w.CreateImage(ImageRequest{InstanceID: id, Name: "one"})
	if err != nil {
		t.Fatal(err)
	}
	w.imaged(made, "available")
	source, im := w.image(linuxImage), w.image(made)
	if im.BootMode != source.BootMode || im.TPM != source.TPM || im.ENA != source.ENA || im.Architecture != source.Architecture ||
		im.Virtualization != source.Virtualization || im.RootDeviceName != source.RootDeviceName {
		t.Errorf("the hardware is another: %+v", im)
	}
	if im.Tags != nil || im.Description != "" || im.IMDS != "" || im.Permissions != nil || !im.Deprecation.IsZero() {
		t.Errorf("something was carried over that EC2 does not: %+v", im)
	}
	if im.BlockDevices[0].SnapshotID == source.BlockDevices[0].SnapshotID || im.BlockDevices[0].SnapshotID == "" {
		t.Error("the image has no snapshot of its own")
	}
	im.BlockDevices[0].SnapshotID = source.BlockDevices[0].SnapshotID
	if diff := cmp.Diff(source.BlockDevices, im.BlockDevices); diff != "" {
		t.Error(diff)
	}
}

func TestCreateImageReboots(t *testing.T) {
	w := newWorld(t, nil)
	id := w.running(linuxImage)
	if _, err := w.CreateImage(ImageRequest{InstanceID: id, Name: "without", NoReboot: true}); err != nil {
		t.Fatal(err)
	}
	if n := len(w.bench.boots(id)); n != 1 {
		t.Errorf("NoReboot: %d boots", n)
	}
	if _, err := w.CreateImage(ImageRequest{InstanceID: id, Name: "with"}); err != nil {
		t.Fatal(err)
	}
	if n := len(w.bench.boots(id)); n != 2 || !w.bench.isOn(id) || w.instance(id).State != Running {
		t.Errorf("%d boots", n)
	}
}

func TestCreateImageRefusals(t *testing.T) {
	w := newWorld(t, func(sc *scenario.Scenario) { sc.Images[3].RootDeviceType = "instance-store" })
	pending := w.launch(request(linuxImage))
	_, err := w.CreateImage(ImageRequest{InstanceID: pending.ID, Name: "abc"})
	if pendingNow := w.instance(pending.ID).State == Pending; pendingNow {
		refused(t, err, "InvalidParameterValue")
	}
	id := w.running(linuxImage)
	for _, test := range []struct {
		code string
		req  ImageRequest
	}{
		{"InvalidAMIName.Malformed", ImageRequest{InstanceID: id, Name: "ab"}},
		{"InvalidAMIName.Malformed", ImageRequest{InstanceID: id, Name: "a+b+c"}},
		{"InvalidAMIName.Malformed", ImageRequest{InstanceID: id, Name: strings.Repeat("a", 129)}},
		{"InvalidAMIName.Duplicate", ImageRequest{InstanceID: id, Name: "rust-linux"}},
		{"InvalidInstanceID.NotFound", ImageRequest{InstanceID: "i-00000000", Name: "one"}},
		{"InvalidInstanceID.Malformed", ImageRequest{InstanceID: "i-nix", Name: "one"}},
		{"InvalidParameterValue", ImageRequest{InstanceID: w.running(centosImage), Name: "one"}},
		{"DryRunOperation", ImageRequest{InstanceID: id, Name: "one", DryRun: true}},
	} {
		_, err := w.CreateImage(test.req)
		refused(t, err, test.code)
	}
}

func TestNameIsFreeAfterDeregistration(t *testing.T) {
	w := newWorld(t, nil)
	id := w.running(linuxImage)
	first, err := w.CreateImage(ImageRequest{InstanceID: id, Name: "one"})
	if err != nil {
		t.Fatal(err)
	}
	w.imaged(first, "available")
	snapshot := w.image(first).BlockDevices[0].SnapshotID
	refused(t, w.DeleteSnapshot(snapshot, false), "InvalidSnapshot.InUse")
	_, err = w.DeregisterImage(first, false, true)
	refused(t, err, "DryRunOperation")
	if deleted, err := w.DeregisterImage(first, false, false); err != nil || len(deleted) != 0 {
		t.Fatalf("deleted %v, %v", deleted, err)
	}
	if exists(filepath.Join(w.dir, "images", first)) {
		t.Error("the folder is still there")
	}
	if err := w.DeleteSnapshot(snapshot, false); err != nil {
		t.Error(err)
	}
	second, err := w.CreateImage(ImageRequest{InstanceID: id, Name: "one"})
	if err != nil {
		t.Fatal(err)
	}
	before := len(w.Snapshots())
	if deleted, err := w.DeregisterImage(second, true, false); err != nil || len(deleted) != 1 || len(w.Snapshots()) != before-1 {
		t.Errorf("deleted %v, %v", deleted, err)
	}
	_, err = w.DeregisterImage(second, true, false)
	refused(t, err, "InvalidAMIID.NotFound")
}

func TestDoomedImageFails(t *testing.T) {
	w := newWorld(t, nil)
	made, err := w.CreateImage(ImageRequest{InstanceID: w.running(linuxImage), Name: "one"})
	if err != nil {
		t.Fatal(err)
	}
	w.DoomImage(made)
	w.imaged(made, "failed")
	time.Sleep(30 * time.Millisecond) // beyond the time at which it would have become available
	if im := w.image(made); im.State != "failed" || im.Reason.Code != "Server.InternalError" {
		t.Errorf("unexpected: %s, %+v", im.State, im.Reason)
	}
	_, err = w.RunInstances(request(made))
	refused(t, err, "InvalidAMIID.Unavailable")
}

func TestForeignImagesAreNotChanged(t *testing.T) {
	w := newWorld(t, func(sc *scenario.Scenario) { sc.Images[1].Owner = "999999999999" })
	_, err := w.DeregisterImage(linuxImage, false, false)
	refused(t, err, "AuthFailure")
	refused(t, w.Deprecate(linuxImage, time.Now().AddDate(1, 0, 0), false), "AuthFailure")
}

func TestDeprecation(t *testing.T) {
	w := newWorld(t, nil)
	refused(t, w.Deprecate(linuxImage, time.Now().Add(-time.Hour), false), "InvalidParameterValue")
	refused(t, w.Deprecate(linuxImage, time.Now().AddDate(11, 0, 0), false), "InvalidParameterValue")
	at := time.Now().AddDate(2, 0, 0)
	if err := w.Deprecate(linuxImage, at, false); err != nil {
		t.Fatal(err)
	}
	if got := w.image(linuxImage).Deprecation; !got.Equal(at.Truncate(time.Minute)) {
		t.Errorf("deprecated at %s, want %s", got, at)
	}
}

func TestCopyTree(t *testing.T) {
	from, to := t.TempDir(), filepath.Join(t.TempDir(), "copy")
	then := time.Date(2015, 7, 14, 2, 28, 50, 123456000, time.UTC)
	for _, step := range []error{
		os.MkdirAll(filepath.Join(from, "a dir/deep"), 0o755),
		os.WriteFile(filepath.Join(from, "a dir/file"), []byte("x"), 0o600),
		os.WriteFile(filepath.Join(from, "a dir/deep/run"), []byte("y"), 0o755),
		os.Symlink("/etc/passwd", filepath.Join(from, "link")),
		os.Symlink("nowhere", filepath.Join(from, "dangling")),
		os.Chmod(filepath.Join(from, "a dir/file"), 0o4750|os.ModeSetuid),
		os.Chtimes(filepath.Join(from, "a dir/file"), then, then),
		os.Chmod(filepath.Join(from, "a dir/deep"), 0o500),
		os.Chtimes(filepath.Join(from, "a dir/deep"), then, then),
	} {
		if step != nil {
			t.Fatal(step)
		}
	}
	if err := copyTree(from, to); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { removeTree(to); os.Chmod(filepath.Join(from, "a dir/deep"), 0o700) })
	for _, name := range []string{"a dir", "a dir/file", "a dir/deep", "a dir/deep/run", "link", "dangling"} {
		was, err1 := os.Lstat(filepath.Join(from, name))
		is, err2 := os.Lstat(filepath.Join(to, name))
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		if was.Mode() != is.Mode() || was.ModTime().Sub(is.ModTime()).Abs() >= time.Microsecond {
			t.Errorf("%s: %s %s, was %s %s", name, is.Mode(), is.ModTime(), was.Mode(), was.ModTime())
		}
	}
	if target, _ := os.Readlink(filepath.Join(to, "link")); target != "/etc/passwd" {
		t.Errorf("the link leads to %q", target)
	}
	if err := removeTree(to); err != nil || exists(to) {
		t.Errorf("not removed: %v", err)
	}
}

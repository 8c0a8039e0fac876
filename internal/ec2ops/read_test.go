package ec2ops_test

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/amirotate/amirotate/internal/cloud"
)

const imageXML = `<item><imageId>ami-dbac5f9f</imageId><imageLocation>1/rust-centos5</imageLocation><imageState>available</imageState>
	<imageOwnerId>123456789012</imageOwnerId><isPublic>false</isPublic><architecture>x86_64</architecture><imageType>machine</imageType>
	<platform>windows</platform><name>rust-centos5</name><description>a &lt;b&gt;</description><rootDeviceType>ebs</rootDeviceType>
	<rootDeviceName>/dev/sda1</rootDeviceName><blockDeviceMapping>
	<item><deviceName>/dev/sda1</deviceName><ebs><snapshotId>snap-1</snapshotId><volumeSize>30</volumeSize><deleteOnTermination>true</deleteOnTermination>
	<volumeType>gp3</volumeType><iops>3000</iops><throughput>125</throughput><encrypted>true</encrypted></ebs></item>
	<item><deviceName>/dev/sdb</deviceName><virtualName>ephemeral0</virtualName></item></blockDeviceMapping>
	<virtualizationType>hvm</virtualizationType><tagSet><item><key>team</key><value>infra</value></item><item><key>empty</key><value/></item></tagSet>
	<hypervisor>xen</hypervisor><enaSupport>true</enaSupport><sriovNetSupport>simple</sriovNetSupport><bootMode>uefi</bootMode>
	<tpmSupport>v2.0</tpmSupport><imdsSupport>v2.0</imdsSupport><creationDate>2015-07-14T01:02:03.000Z</creationDate>
	<deprecationTime>2025-07-14T00:00:00.000Z</deprecationTime>
	<stateReason><code>Client.X</code><message>because</message></stateReason></item>`

var image = cloud.Image{
	ID: "ami-dbac5f9f", Name: "rust-centos5", Description: "a <b>", OwnerID: "123456789012", Mine: true,
	State: cloud.ImageAvailable, StateReason: "Client.X: because", Platform: cloud.Windows, Architecture: "x86_64", VirtualizationType: "hvm",
	RootDeviceType: "ebs", RootDeviceName: "/dev/sda1", BootMode: "uefi", ENASupport: true, SriovNetSupport: "simple",
	IMDSSupport: "v2.0", TPMSupport: "v2.0",
	DeprecationTime: time.Date(2025, 7, 14, 0, 0, 0, 0, time.UTC), CreationTime: time.Date(2015, 7, 14, 1, 2, 3, 0, time.UTC),
	BlockDevices: []cloud.BlockDevice{
		{DeviceName: "/dev/sda1", SnapshotID: "snap-1", VolumeType: "gp3", SizeGiB: 30, IOPS: 3000, ThroughputMiBps: 125, Encrypted: true, DeleteOnTermination: true},
		{DeviceName: "/dev/sdb", VirtualName: "ephemeral0"},
	},
	Tags: map[string]string{"team": "infra", "empty": ""},
}

// TestImages: one call finds ours and whose they are, a second one is made only
// for what is left; an id that doesn't exist is no error.
func TestImages(t *testing.T) {
	theirs := strings.NewReplacer("ami-dbac5f9f", "ami-7fd23e3b", "<platform>windows</platform>", "").Replace(imageXML)
	w := newWire(t, func(_ int, q url.Values) reply {
		if q.Get("Owner.1") == "self" {
			return ok("DescribeImages", "<imagesSet>"+imageXML+"</imagesSet>")
		}
		return ok("DescribeImages", "<imagesSet>"+theirs+"</imagesSet>")
	})
	c := w.client(t)
	want := []cloud.Image{image, image}
	want[1].ID, want[1].Mine, want[1].Platform = "ami-7fd23e3b", false, cloud.Linux
	got, err := c.Images(ctx(), []string{"ami-dbac5f9f", "ami-7fd23e3b", "ami-00000000", "ami-7fd23e3b"})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	calls := w.asked("DescribeImages")
	if len(calls) != 2 {
		t.Fatalf("%d calls, want 2", len(calls))
	}
	if asked := numbered(calls[1].Values, "Filter.1.Value"); !slices.Equal(asked, []string{"ami-00000000", "ami-7fd23e3b"}) {
		t.Errorf("the second call asked for %v", asked)
	}
	if _, err := c.Images(ctx(), []string{"ami-dbac5f9f"}); err != nil || len(w.asked("")) != 3 {
		t.Errorf("%d calls in all, want one more: %v", len(w.asked("")), err)
	}
}

// TestPages: every page is read, and no call names more than 200 values.
func TestPages(t *testing.T) {
	w := newWire(t, func(_ int, q url.Values) reply {
		values := numbered(q, "Filter.1.Value")
		if len(values) > 200 {
			return refusal(400, "FilterLimitExceeded", "too many values")
		}
		begin := 0
		if token := q.Get("NextToken"); token != "" {
			_, _ = fmt.Sscan(token, &begin)
		}
		end := min(begin+70, len(values))
		var items []string
		for _, v := range values[begin:end] {
			items = append(items, instanceXML("i-"+v, "running", "<privateIpAddress>"+v+"</privateIpAddress>"))
		}
		next := ""
		if end < len(values) {
			next = fmt.Sprintf("<nextToken>%d</nextToken>", end)
		}
		return ok("DescribeInstances", instancesXML(items...)+next)
	})
	var addresses []string
	for n := range 450 {
		addresses = append(addresses, fmt.Sprintf("10.0.%d.%d", n/250, n%250))
	}
	got, err := w.client(t).InstancesAt(ctx(), addresses)
	if err != nil || len(got) != 450 {
		t.Errorf("%d instances, %v; want 450", len(got), err)
	}
	if n := len(w.asked("")); n != 3+3+1 {
		t.Errorf("%d calls, want 3 pages, 3 pages and 1", n)
	}
}

func TestInstance(t *testing.T) {
	w := newWire(t, func(_ int, q url.Values) reply {
		if numbered(q, "Filter.1.Value")[0] != "i-1" {
			return ok("DescribeInstances", noInstances)
		}
		return ok("DescribeInstances", instancesXML(instanceXML("i-1", "stopped", `<imageId>ami-1</imageId><instanceType>m3.xlarge</instanceType>
			<privateIpAddress>127.66.0.7</privateIpAddress><ipAddress>198.51.100.7</ipAddress><vpcId>vpc-1</vpcId><subnetId>subnet-1</subnetId>
			<placement><availabilityZone>us-west-1a</availabilityZone></placement><keyName>k</keyName><clientToken>t</clientToken>
			<groupSet><item><groupId>sg-1</groupId><groupName>n</groupName></item></groupSet><iamInstanceProfile><arn>arn:p</arn></iamInstanceProfile>
			<instanceLifecycle>spot</instanceLifecycle><launchTime>2015-07-14T01:02:03.000Z</launchTime>
			<stateReason><code>Client.UserInitiatedShutdown</code><message>Client.UserInitiatedShutdown: User initiated shutdown</message></stateReason>
			<platformDetails>Windows with SQL Server</platformDetails>`)))
	})
	c := w.client(t)
	got, err := c.Instance(ctx(), "i-1")
	if err != nil {
		t.Fatal(err)
	}
	want := cloud.Instance{
		ID: "i-1", ImageID: "ami-1", State: cloud.InstanceStopped, StateReason: "Client.UserInitiatedShutdown", Platform: cloud.Windows,
		Type: "m3.xlarge", PrivateIP: "127.66.0.7", PublicIP: "198.51.100.7", VPCID: "vpc-1", SubnetID: "subnet-1", Zone: "us-west-1a",
		GroupIDs: []string{"sg-1"}, KeyName: "k", InstanceProfile: "arn:p", ClientToken: "t", Spot: true,
		LaunchTime: time.Date(2015, 7, 14, 1, 2, 3, 0, time.UTC),
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if _, err := c.Instance(ctx(), "i-2"); cloud.KindOf(err) != cloud.NotFound {
		t.Errorf("got %v", err)
	}
}

func TestConsole(t *testing.T) {
	text := "boot\r\n\x00-----BEGIN SSH HOST KEY FINGERPRINTS-----\n"
	encoded := base64.StdEncoding.EncodeToString([]byte(text))
	xen := false
	w := newWire(t, func(_ int, q url.Values) reply {
		if xen && q.Get("Latest") == "true" {
			return refusal(400, "UnsupportedOperation", "This instance type does not support retrieving the latest console logs.")
		}
		if q.Get("InstanceId") == "i-new" {
			return ok("GetConsoleOutput", "<instanceId>i-new</instanceId>")
		}
		return ok("GetConsoleOutput", "<output>"+encoded[:20]+"\n"+encoded[20:]+"\n</output>")
	})
	c := w.client(t)
	for _, xen = range []bool{false, true} {
		if got, err := c.Console(ctx(), "i-1"); got != text || err != nil {
			t.Errorf("xen %v: got %q, %v", xen, got, err)
		}
		if got, err := c.Console(ctx(), "i-new"); got != "" || err != nil {
			t.Errorf("xen %v: got %q, %v before there is any", xen, got, err)
		}
	}
}

func TestPasswordData(t *testing.T) {
	w := newWire(t, func(_ int, q url.Values) reply {
		if q.Get("InstanceId") == "i-new" {
			return ok("GetPasswordData", "<passwordData/>")
		}
		return ok("GetPasswordData", "<passwordData>\r\nAbC=\r\n</passwordData>")
	})
	c := w.client(t)
	if got, err := c.PasswordData(ctx(), "i-1"); got != "AbC=" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	if got, err := c.PasswordData(ctx(), "i-new"); got != "" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
}

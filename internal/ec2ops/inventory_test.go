package ec2ops_test

import (
	"net/url"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/amirotate/amirotate/internal/cloud"
)

func TestReferences(t *testing.T) {
	instances := ok("DescribeInstances", instancesXML(instanceXML("i-1", "stopped", "<imageId>ami-1</imageId>")))
	references := ok("DescribeImageReferences", `<imageReferenceSet>
		<item><imageId>ami-1</imageId><resourceType>ec2:Instance</resourceType><arn>arn:aws:ec2:us-west-1:1:instance/i-1</arn></item>
		<item><imageId>ami-2</imageId><resourceType>ssm:Parameter</resourceType><arn>arn:aws:ssm:us-west-1:1:parameter/p</arn></item></imageReferenceSet>`)
	templates := ok("DescribeLaunchTemplateVersions", `<launchTemplateVersionSet>
		<item><launchTemplateId>lt-1</launchTemplateId><versionNumber>1</versionNumber><launchTemplateData><imageId>ami-2</imageId></launchTemplateData></item>
		<item><launchTemplateId>lt-1</launchTemplateId><versionNumber>2</versionNumber><launchTemplateData><imageId>ami-2</imageId></launchTemplateData></item>
		<item><launchTemplateId>lt-2</launchTemplateId><versionNumber>1</versionNumber><launchTemplateData><imageId>ami-9</imageId></launchTemplateData></item></launchTemplateVersionSet>`)
	unknown := refusal(400, "InvalidAction", "The action is not valid for this web service.")
	denied := refusal(403, "UnauthorizedOperation", "You are not authorized")
	tests := []struct {
		name                  string
		references, templates reply
		want                  map[string][]string
		kind                  cloud.Kind
	}{
		{"served", references, unknown, map[string][]string{"ami-1": {"i-1"}, "ami-2": {"arn:aws:ssm:us-west-1:1:parameter/p"}}, ""},
		{"not served", unknown, templates, map[string][]string{"ami-1": {"i-1"}, "ami-2": {"lt-1"}}, ""},
		{"neither", unknown, unknown, map[string][]string{"ami-1": {"i-1"}}, ""},
		{"denied is no absence", denied, unknown, nil, cloud.Denied},
		{"denied is no absence of templates", unknown, denied, nil, cloud.Denied},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWire(t, func(_ int, q url.Values) reply {
				switch q.Get("Action") {
				case "DescribeInstances":
					return instances
				case "DescribeImageReferences":
					return tt.references
				}
				return tt.templates
			})
			got, err := w.client(t).References(ctx(), []string{"ami-1", "ami-2"})
			if tt.kind == "" && err != nil || tt.kind != "" && cloud.KindOf(err) != tt.kind {
				t.Fatalf("got %v, want %q", err, tt.kind)
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestDeleteSnapshotSparesTheForeign(t *testing.T) {
	tests := []struct {
		name, found string
		want        cloud.Kind
	}{
		{"ours", "<item><snapshotId>snap-1</snapshotId>" + roleXML(cloud.RoleReplacement) + "</item>", ""},
		{"foreign", "<item><snapshotId>snap-1</snapshotId></item>", cloud.ForeignResource},
		{"gone", "", cloud.NotFound},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWire(t, func(_ int, q url.Values) reply {
				if q.Get("Action") == "DescribeSnapshots" {
					return ok("DescribeSnapshots", "<snapshotSet>"+tt.found+"</snapshotSet>")
				}
				return ok(q.Get("Action"), "<return>true</return>")
			})
			err := w.client(t).DeleteSnapshot(ctx(), "snap-1")
			if tt.want == "" && err != nil || tt.want != "" && cloud.KindOf(err) != tt.want {
				t.Errorf("got %v, want %q", err, tt.want)
			}
			if n := len(w.asked("DeleteSnapshot")); (n == 1) != (tt.want == "") {
				t.Errorf("%d DeleteSnapshot", n)
			}
		})
	}
}

// TestInventoryAsksForOurs: whatever reads all, asks by our role tag and, where
// EC2 shows other accounts' things too, for ours alone.
func TestInventoryAsksForOurs(t *testing.T) {
	w := newWire(t, func(_ int, q url.Values) reply { return ok(q.Get("Action"), "") })
	c := w.client(t)
	for _, read := range []func() error{
		func() error { _, err := c.AllReplacements(ctx()); return err },
		func() error { _, err := c.AllTemporaries(ctx()); return err },
		func() error { _, err := c.AllSnapshots(ctx()); return err },
		func() error { _, err := c.Replacements(ctx(), []string{"ami-1"}); return err },
		func() error { _, err := c.Temporaries(ctx(), []string{"ami-1"}); return err },
	} {
		if err := read(); err != nil {
			t.Fatal(err)
		}
	}
	calls := w.asked("")
	if len(calls) != 5 {
		t.Fatalf("%d calls, want 5", len(calls))
	}
	for _, c := range calls {
		if c.Get("Filter.1.Name") != "tag:amirotate:role" {
			t.Errorf("%s by %v", c.Get("Action"), c.Values)
		}
		whose := []string{c.Get("Owner.1"), c.Get("OwnerId.1")}
		if c.Get("Action") != "DescribeInstances" && !slices.Contains(whose, "self") {
			t.Errorf("%s of everybody's", c.Get("Action"))
		}
	}
}

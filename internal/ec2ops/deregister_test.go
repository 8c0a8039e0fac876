package ec2ops_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/amirotate/amirotate/internal/cloud"
)

// gallery answers about one image with two snapshots.
type gallery struct {
	gone       bool
	imageTags  string
	tagged     []string // the snapshots that bear our tag
	orphans    []string // found by description
	deregister func() reply
}

func (g *gallery) answer(_ int, q url.Values) reply {
	action := q.Get("Action")
	switch action {
	case "DescribeImages":
		if g.gone {
			return ok(action, "<imagesSet/>")
		}
		return ok(action, `<imagesSet><item><imageId>ami-1</imageId><imageState>available</imageState>`+g.imageTags+`<blockDeviceMapping>
			<item><deviceName>/dev/sda1</deviceName><ebs><snapshotId>snap-1</snapshotId></ebs></item>
			<item><deviceName>/dev/sdb</deviceName><virtualName>ephemeral0</virtualName></item>
			<item><deviceName>/dev/sdf</deviceName><ebs><snapshotId>snap-2</snapshotId></ebs></item></blockDeviceMapping></item></imagesSet>`)
	case "DescribeSnapshots":
		which := g.tagged
		if q.Get("Filter.1.Name") == "description" {
			which = g.orphans
		}
		var items string
		for _, id := range which {
			items += "<item><snapshotId>" + id + "</snapshotId></item>"
		}
		return ok(action, "<snapshotSet>"+items+"</snapshotSet>")
	case "DeregisterImage":
		return g.deregister()
	}
	return ok(action, "<return>true</return>")
}

func TestDeregister(t *testing.T) {
	deleted := func(codes ...string) func() reply {
		return func() reply {
			var items string
			for i, code := range codes {
				items += "<item><snapshotId>snap-" + string(rune('1'+i)) + "</snapshotId><returnCode>" + code + "</returnCode></item>"
			}
			return ok("DeregisterImage", "<return>true</return><deleteSnapshotResultSet>"+items+"</deleteSnapshotResultSet>")
		}
	}
	both := []string{"snap-1", "snap-2"}
	ours := roleXML(cloud.RoleReplacement)
	tests := []struct {
		name     string
		g        gallery
		want     cloud.Kind
		together bool     // EC2 was to delete the snapshots along with the image
		single   []string // deleted by DeleteSnapshot
	}{
		{"with its snapshots", gallery{imageTags: ours, tagged: both, deregister: deleted("success", "success")}, "", true, nil},
		{"where EC2 can't delete them along", gallery{imageTags: ours, tagged: both, deregister: deleted()}, "", true, both},
		{"where one was left", gallery{imageTags: ours, tagged: both, deregister: deleted("success", "internal-error")}, "", true, []string{"snap-2"}},
		{"a snapshot that is not ours stays", gallery{imageTags: ours, tagged: []string{"snap-1"}, deregister: deleted()}, "", false, []string{"snap-1"}},
		{"a foreign image", gallery{tagged: both, deregister: deleted()}, cloud.ForeignResource, false, nil},
		{"a builder's tag is none for an image", gallery{imageTags: roleXML(cloud.RoleBuilder), tagged: both, deregister: deleted()}, cloud.ForeignResource, false, nil},
		{"gone already", gallery{gone: true, deregister: deleted()}, cloud.NotFound, false, nil},
		{"gone, its snapshots left", gallery{gone: true, orphans: both, deregister: deleted()}, "", false, both},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWire(t, tt.g.answer)
			err := w.client(t).Deregister(ctx(), "ami-1")
			if tt.want == "" && err != nil || tt.want != "" && cloud.KindOf(err) != tt.want {
				t.Errorf("got %v, want %q", err, tt.want)
			}
			var single []string
			for _, c := range w.asked("DeleteSnapshot") {
				single = append(single, c.Get("SnapshotId"))
			}
			if !slices.Equal(single, tt.single) {
				t.Errorf("deleted %v, want %v", single, tt.single)
			}
			calls := w.asked("DeregisterImage")
			if tt.want != "" || tt.g.gone {
				if len(calls) != 0 {
					t.Errorf("%d DeregisterImage", len(calls))
				}
				return
			}
			if len(calls) != 1 || (calls[0].Get("DeleteAssociatedSnapshots") == "true") != tt.together {
				t.Errorf("DeregisterImage %v, want snapshots along: %v", calls, tt.together)
			}
		})
	}
}

// TestDeregisterLostAnswer: the call took effect but its answer was lost; the
// repetition, which finds the image gone, is a success.
func TestDeregisterLostAnswer(t *testing.T) {
	g := &gallery{imageTags: roleXML(cloud.RoleReplacement), tagged: []string{"snap-1", "snap-2"}}
	attempts := 0
	g.deregister = func() reply {
		g.gone = true
		if attempts++; attempts == 1 {
			return reply{body: strings.Repeat("x", 100), cut: true}
		}
		return refusal(400, "InvalidAMIID.Unavailable", "The image ID 'ami-1' is no longer available")
	}
	w := newWire(t, g.answer)
	if err := w.client(t).Deregister(ctx(), "ami-1"); err != nil {
		t.Error(err)
	}
	if n := len(w.asked("DeleteSnapshot")); n != 2 {
		t.Errorf("%d snapshots deleted, want 2", n)
	}
}

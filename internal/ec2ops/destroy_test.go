package ec2ops_test

import (
	"maps"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/amirotate/amirotate/internal/cloud"
	"github.com/amirotate/amirotate/internal/ec2ops"
)

// numbered returns the values of name.1, name.2 … of a query, sorted.
func numbered(q url.Values, name string) []string {
	var out []string
	for key := range q {
		if strings.HasPrefix(key, name+".") && strings.Count(key, ".") == strings.Count(name, ".")+1 {
			out = append(out, q.Get(key))
		}
	}
	slices.Sort(out)
	return out
}

// fleet answers about instances: what it knows, by id, is what stands inside
// their <item>. Ending what it doesn't know is refused.
func fleet(known map[string]string) func(int, url.Values) reply {
	return func(_ int, q url.Values) reply {
		action := q.Get("Action")
		switch action {
		case "RunInstances":
			return ok(action, "<instancesSet>"+instanceXML("i-made", "pending", "")+"</instancesSet>")
		case "DescribeInstances":
			var items []string
			for _, id := range numbered(q, "Filter.1.Value") {
				if inner, exists := known[id]; exists {
					items = append(items, instanceXML(id, "running", inner))
				}
			}
			return ok(action, instancesXML(items...))
		case "TerminateInstances", "StopInstances":
			for _, id := range numbered(q, "InstanceId") {
				if _, exists := known[id]; !exists {
					return refusal(400, "InvalidInstanceID.NotFound", "The instance ID '"+id+"' does not exist")
				}
			}
			return ok(action, "<instancesSet/>")
		}
		return ok(action, "<return>true</return>")
	}
}

func TestTerminateSparesTheForeign(t *testing.T) {
	w := newWire(t, fleet(map[string]string{
		"i-builder":  roleXML(cloud.RoleBuilder),
		"i-prover":   roleXML(cloud.RoleProver),
		"i-worker":   "",
		"i-imitator": roleXML("worker"),
	}))
	c := w.client(t)
	err := c.Terminate(ctx(), "i-worker", "i-builder", "i-prover", "i-imitator", "i-builder", "i-nowhere")
	if err == nil {
		t.Fatal("no error for foreign instances")
	}
	for _, words := range []string{
		"cannot TerminateInstances i-worker: it was not made by amirotate: there is no tag amirotate:role",
		`cannot TerminateInstances i-imitator: its tag amirotate:role says "worker", not builder or prover`,
		"cannot TerminateInstances i-nowhere: there is no such instance",
	} {
		if !strings.Contains(err.Error(), words) {
			t.Errorf("the error lacks %q:\n%v", words, err)
		}
	}
	calls := w.asked("TerminateInstances")
	if len(calls) != 1 {
		t.Fatalf("%d calls, want 1", len(calls))
	}
	if got := numbered(calls[0].Values, "InstanceId"); !slices.Equal(got, []string{"i-builder", "i-prover"}) {
		t.Errorf("terminated %v", got)
	}

	if err := c.Stop(ctx(), "i-worker"); cloud.KindOf(err) != cloud.ForeignResource {
		t.Errorf("Stop of a foreign instance: %v", err)
	}
	if n := len(w.asked("StopInstances")); n != 0 {
		t.Errorf("%d StopInstances for a foreign instance", n)
	}
}

// TestTerminateAfterLaunch: an instance that was just launched and that EC2
// doesn't show yet is terminated as soon as EC2 knows it, and never given up as
// missing.
func TestTerminateAfterLaunch(t *testing.T) {
	known := map[string]string{"i-other": roleXML(cloud.RoleBuilder)}
	attempts := 0
	answer := fleet(known)
	w := newWire(t, func(n int, q url.Values) reply {
		if q.Get("Action") == "TerminateInstances" && slices.Contains(numbered(q, "InstanceId"), "i-made") {
			if attempts++; attempts > 3 {
				known["i-made"] = roleXML(cloud.RoleBuilder)
			}
		}
		return answer(n, q)
	})
	c := w.client(t)
	i, err := c.Launch(ctx(), launchSpec())
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Terminate(ctx(), i.ID, "i-other"); err != nil {
		t.Errorf("got %v", err)
	}
	if attempts <= 3 {
		t.Errorf("%d attempts: the launched instance was left running", attempts)
	}
}

func TestTerminateGivesUpAfterGrace(t *testing.T) {
	w := newWire(t, fleet(nil))
	c := w.client(t, func(o *ec2ops.Options) { o.Grace = 30 * time.Millisecond })
	if _, err := c.Launch(ctx(), launchSpec()); err != nil {
		t.Fatal(err)
	}
	if err := c.Terminate(ctx(), "i-made"); cloud.KindOf(err) != cloud.NotFound {
		t.Errorf("got %v", err)
	}
}

// TestStopsAndTerminationsAreBatched: a hundred at once are one call each.
func TestStopsAndTerminationsAreBatched(t *testing.T) {
	known := map[string]string{}
	for n := range 100 {
		known["i-"+strings.Repeat("0", n+1)] = roleXML(cloud.RoleBuilder)
	}
	w := newWire(t, fleet(known))
	c := w.client(t)
	ids := slices.Sorted(maps.Keys(known))
	if err := c.Terminate(ctx(), ids...); err != nil {
		t.Fatal(err)
	}
	if d, n := len(w.asked("DescribeInstances")), len(w.asked("TerminateInstances")); d != 1 || n != 1 {
		t.Errorf("%d looks and %d calls for 100 instances, want 1 and 1", d, n)
	}
	var all sync.WaitGroup
	for _, id := range ids {
		all.Go(func() {
			if err := c.Stop(ctx(), id); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := len(w.asked("StopInstances")); n > 20 {
		t.Errorf("%d StopInstances for 100 that came together", n)
	}
}

// TestNothingOutlives: volumes that an image says to keep and the request
// behind a spot instance go with the instance.
func TestNothingOutlives(t *testing.T) {
	inner := roleXML(cloud.RoleBuilder) + `<spotInstanceRequestId>sir-1</spotInstanceRequestId><blockDeviceMapping>
		<item><deviceName>/dev/sda1</deviceName><ebs><volumeId>vol-1</volumeId><deleteOnTermination>true</deleteOnTermination></ebs></item>
		<item><deviceName>/dev/sdf</deviceName><ebs><volumeId>vol-2</volumeId><deleteOnTermination>false</deleteOnTermination></ebs></item>
		</blockDeviceMapping>`
	w := newWire(t, fleet(map[string]string{"i-1": inner}))
	if err := w.client(t).Terminate(ctx(), "i-1"); err != nil {
		t.Fatal(err)
	}
	var order []string
	for _, c := range w.asked("") {
		order = append(order, c.Get("Action"))
	}
	want := []string{"DescribeInstances", "CancelSpotInstanceRequests", "ModifyInstanceAttribute", "TerminateInstances"}
	if !slices.Equal(order, want) {
		t.Fatalf("calls %v, want %v", order, want)
	}
	modify := w.asked("ModifyInstanceAttribute")[0]
	if modify.Get("BlockDeviceMapping.1.DeviceName") != "/dev/sdf" || modify.Get("BlockDeviceMapping.1.Ebs.DeleteOnTermination") != "true" ||
		modify.Get("BlockDeviceMapping.2.DeviceName") != "" {
		t.Errorf("asked %v", modify.Values)
	}
	if got := w.asked("CancelSpotInstanceRequests")[0].Get("SpotInstanceRequestId.1"); got != "sir-1" {
		t.Errorf("cancelled %s", got)
	}
}

func TestTerminateNothing(t *testing.T) {
	w := newWire(t, fleet(nil))
	if err := w.client(t).Terminate(ctx()); err != nil {
		t.Error(err)
	}
	if n := len(w.asked("")); n != 0 {
		t.Errorf("%d calls for nothing", n)
	}
}

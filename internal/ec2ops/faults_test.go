package ec2ops_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/amirotate/amirotate/internal/cloud"
)

// TestMishaps: each trouble that EC2 can give, at each call of a short life; it
// ends as it does without, and nothing is made twice.
func TestMishaps(t *testing.T) {
	troubles := []string{"RequestLimitExceeded", "InternalError", "Unavailable", "reset", "lost-response"}
	for _, action := range []string{"RunInstances", "DescribeInstances", "StopInstances", "TerminateInstances", "CreateTags"} {
		for _, deed := range troubles {
			t.Run(action+" "+deed, func(t *testing.T) {
				t.Parallel()
				ctx := patience(t)
				e := newEmbedded(t, mishap{action: action, deed: deed, nth: 1, times: 2})
				c := e.client(t)
				source := "ami-mishap"
				i, err := c.Launch(ctx, e.spec(cloud.RoleBuilder, source))
				if err != nil {
					t.Fatal(err)
				}
				if err := c.Tag(ctx, i.ID, map[string]string{"a": "b"}); err != nil {
					t.Error(err)
				}
				if _, err := c.AwaitInstance(ctx, i.ID, running); err != nil {
					t.Error(err)
				}
				if err := c.Stop(ctx, i.ID); err != nil {
					t.Error(err)
				}
				if _, err := c.AwaitInstance(ctx, i.ID, stopped); err != nil {
					t.Error(err)
				}
				all, err := c.Temporaries(ctx, []string{source})
				if err != nil || len(all) != 1 || all[0].Tags["a"] != "b" {
					t.Errorf("%+v, %v", all, err)
				}
				if err := c.Terminate(ctx, i.ID); err != nil {
					t.Error(err)
				}
				if _, err := c.AwaitInstance(ctx, i.ID, gone); err != nil {
					t.Error(err)
				}
				if n := e.log.count(t, action); n < 3 {
					t.Errorf("%d calls of %s: the mishaps did not strike", n, action)
				}
			})
		}
	}
}

// TestNotToBeSeenYet: an instance and an image that EC2 hides for a while after
// it made them are waited for.
func TestNotToBeSeenYet(t *testing.T) {
	ctx := patience(t)
	e := newEmbedded(t,
		mishap{action: "RunInstances", deed: "not-found-after-create", nth: 1},
		mishap{action: "CreateImage", deed: "not-found-after-create", nth: 1})
	c := e.client(t)
	i, err := c.Launch(ctx, e.spec(cloud.RoleBuilder, "ami-hidden"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.AwaitInstance(ctx, i.ID, running); err != nil {
		t.Fatal(err)
	}
	tags := map[string]string{cloud.TagRole: cloud.RoleReplacement}
	id, err := c.CreateImage(ctx, cloud.ImageSpec{InstanceID: i.ID, Name: "hidden image", Tags: tags})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Tag(ctx, id, map[string]string{"a": "b"}); err != nil {
		t.Error(err)
	}
	if _, err := c.AwaitImage(ctx, id, ready); err != nil {
		t.Error(err)
	}

	hidden := newEmbedded(t, mishap{action: "RunInstances", deed: "not-found-after-create", nth: 1})
	hc := hidden.client(t)
	i, err = hc.Launch(ctx, hidden.spec(cloud.RoleProver, "ami-hidden"))
	if err != nil {
		t.Fatal(err)
	}
	if err := hc.Terminate(ctx, i.ID); err != nil {
		t.Errorf("terminated at once: %v", err)
	}
	if _, err := hc.AwaitInstance(ctx, i.ID, gone); err != nil {
		t.Error(err)
	}
}

// TestLostImage: CreateImage whose answer was lost finds its own name taken,
// and the image by that name.
func TestLostImage(t *testing.T) {
	ctx := patience(t)
	e := newEmbedded(t, mishap{action: "CreateImage", deed: "lost-response", nth: 1})
	c := e.client(t)
	i, err := c.Launch(ctx, e.spec(cloud.RoleBuilder, "ami-lost"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.AwaitInstance(ctx, i.ID, running); err != nil {
		t.Fatal(err)
	}
	spec := cloud.ImageSpec{InstanceID: i.ID, Name: "lost image", Tags: map[string]string{cloud.TagRole: cloud.RoleReplacement}}
	if _, err := c.CreateImage(ctx, spec); cloud.KindOf(err) != cloud.NameTaken {
		t.Fatalf("got %v", err)
	}
	found, err := c.ImagesNamed(ctx, []string{spec.Name})
	if err != nil || len(found) != 1 || found[0].Tags[cloud.TagRole] != cloud.RoleReplacement {
		t.Errorf("%+v, %v", found, err)
	}
}

func TestFinalMishaps(t *testing.T) {
	tests := []struct {
		deed string
		want cloud.Kind
	}{
		{"InsufficientInstanceCapacity", cloud.Capacity},
		{"VcpuLimitExceeded", cloud.Quota},
		{"ExpiredToken", cloud.Credentials},
		{"AuthFailure", cloud.Credentials},
		{"UnauthorizedOperation", cloud.Denied},
	}
	for _, tt := range tests {
		t.Run(tt.deed, func(t *testing.T) {
			ctx := patience(t)
			e := newEmbedded(t, mishap{action: "RunInstances", deed: tt.deed, nth: 1})
			if _, err := e.client(t).Launch(ctx, e.spec(cloud.RoleBuilder, "ami-final")); cloud.KindOf(err) != tt.want {
				t.Errorf("got %v, want %s", err, tt.want)
			}
			if n := e.log.count(t, "RunInstances"); n != 1 {
				t.Errorf("%d calls, want 1", n)
			}
		})
	}
	t.Run("credentials that expire during a wait", func(t *testing.T) {
		ctx := patience(t)
		e := newEmbedded(t, mishap{action: "DescribeInstances", deed: "ExpiredToken", nth: 2, times: 99})
		c := e.client(t)
		i, err := c.Launch(ctx, e.spec(cloud.RoleBuilder, "ami-final"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.AwaitInstance(ctx, i.ID, gone); cloud.KindOf(err) != cloud.Credentials {
			t.Errorf("got %v", err)
		}
	})
	t.Run("another region", func(t *testing.T) {
		e := newEmbedded(t)
		s := e.site
		s.getenv = func(name string) string {
			if name == "AWS_REGION" {
				return "us-west-9"
			}
			return e.getenv(name)
		}
		if _, err := s.client(t).Images(patience(t), []string{e.image}); cloud.KindOf(err) != cloud.UnknownRegion {
			t.Errorf("got %v", err)
		}
	})
}

// TestCallsOfAFleet: forty instances from launch to end, within EC2's rates, in
// a few calls each.
func TestCallsOfAFleet(t *testing.T) {
	const n = 40
	ctx := patience(t)
	e := newEmbedded(t)
	c := e.client(t)
	ids := make([]string, n)
	errs := make([]error, n)
	var all sync.WaitGroup
	for k := range n {
		all.Go(func() {
			spec := e.spec(cloud.RoleBuilder, "ami-fleet")
			spec.ClientToken = fmt.Sprintf("fleet-%d", k)
			i, err := c.Launch(ctx, spec)
			if ids[k], errs[k] = i.ID, err; err != nil {
				return
			}
			if _, errs[k] = c.AwaitInstance(ctx, i.ID, running); errs[k] != nil {
				return
			}
			if errs[k] = c.Stop(ctx, i.ID); errs[k] != nil {
				return
			}
			_, errs[k] = c.AwaitInstance(ctx, i.ID, stopped)
		})
	}
	all.Wait()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
	if slices.Sort(ids); len(slices.Compact(ids)) != n {
		t.Fatalf("%d instances, want %d", len(slices.Compact(ids)), n)
	}
	if err := c.Terminate(ctx, ids...); err != nil {
		t.Fatal(err)
	}
	if got := e.log.count(t, "TerminateInstances"); got != 1 {
		t.Errorf("%d TerminateInstances, want 1", got)
	}
	byAction := map[string]int{}
	for _, call := range e.log.calls(t) {
		byAction[call.Action]++
	}
	t.Log(byAction)
	if looks := byAction["DescribeInstances"]; looks > 2*n {
		t.Errorf("%d looks at %d instances, one by one would be many more but these are too many", looks, n)
	}
}

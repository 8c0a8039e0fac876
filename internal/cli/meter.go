package cli

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/amirotate/amirotate/internal/cloud"
	"github.com/amirotate/amirotate/internal/rotate"
	"github.com/amirotate/amirotate/internal/runlog"
)

// meter takes down what a run uses of EC2 that costs something. It may be used
// by several goroutines.
type meter struct {
	now       func() time.Time
	mu        sync.Mutex
	instances []runlog.InstanceUsed
	images    []runlog.ImageMade
}

// on has the meter see what a runner launches, stops, terminates and bakes.
func (m *meter) on(r *rotate.Runner) {
	r.Maker = meteredMaker{r.Maker, m}
	r.Destroyer = meteredDestroyer{r.Destroyer, m}
	r.Watcher = meteredWatcher{r.Watcher, m}
}

// usage is what was used, the earliest first.
func (m *meter) usage(calls []cloud.Calls) runlog.Usage {
	m.mu.Lock()
	defer m.mu.Unlock()
	return runlog.Usage{Event: runlog.KindUsage, Calls: calls,
		Instances: append([]runlog.InstanceUsed{}, m.instances...), Images: append([]runlog.ImageMade{}, m.images...)}
}

func (m *meter) launched(i cloud.Instance, spec cloud.LaunchSpec) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if slices.ContainsFunc(m.instances, func(u runlog.InstanceUsed) bool { return u.ID == i.ID }) {
		return // the same launch, asked for again
	}
	m.instances = append(m.instances, runlog.InstanceUsed{ID: i.ID, Role: spec.Tags[cloud.TagRole], Source: spec.Tags[cloud.TagSourceImage],
		Type: spec.Type, Platform: i.Platform, Spot: spec.Spot, From: m.now()})
}

// ended notes that instances no longer run, which ends what they cost.
func (m *meter) ended(ids ...string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range m.instances {
		if u := &m.instances[i]; u.Until.IsZero() && slices.Contains(ids, u.ID) {
			u.Until = m.now()
		}
	}
}

func (m *meter) baked(image cloud.Image) {
	m.mu.Lock()
	defer m.mu.Unlock()
	made := runlog.ImageMade{ID: image.ID}
	for _, d := range image.BlockDevices {
		made.GiB += int(d.SizeGiB)
	}
	m.images = append(m.images, made)
}

type meteredMaker struct {
	rotate.Maker
	meter *meter
}

func (m meteredMaker) Launch(ctx context.Context, spec cloud.LaunchSpec) (cloud.Instance, error) {
	instance, err := m.Maker.Launch(ctx, spec)
	if instance.ID != "" {
		m.meter.launched(instance, spec)
	}
	return instance, err
}

type meteredDestroyer struct {
	rotate.Destroyer
	meter *meter
}

func (d meteredDestroyer) Stop(ctx context.Context, id string) error {
	err := d.Destroyer.Stop(ctx, id)
	if err == nil {
		d.meter.ended(id)
	}
	return err
}

func (d meteredDestroyer) Terminate(ctx context.Context, ids ...string) error {
	err := d.Destroyer.Terminate(ctx, ids...)
	if err == nil {
		d.meter.ended(ids...)
	}
	return err
}

type meteredWatcher struct {
	rotate.Watcher
	meter *meter
}

func (w meteredWatcher) AwaitImage(ctx context.Context, id string, until func(cloud.Image) bool) (cloud.Image, error) {
	image, err := w.Watcher.AwaitImage(ctx, id, until)
	if err == nil && image.State == cloud.ImageAvailable {
		w.meter.baked(image)
	}
	return image, err
}

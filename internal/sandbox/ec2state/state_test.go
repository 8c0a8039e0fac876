package ec2state

import (
	"context"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/amirotate/amirotate/internal/sandbox/clock"
	"github.com/amirotate/amirotate/internal/sandbox/machine"
	"github.com/amirotate/amirotate/internal/sandbox/scenario"
)

// bench is a driver whose computers do nothing but take notes.
type bench struct {
	mu    sync.Mutex
	specs []machine.Spec
	on    map[string]bool
}

func (b *bench) Boot(_ context.Context, spec machine.Spec) (machine.Computer, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.specs = append(b.specs, spec)
	b.on[spec.InstanceID] = true
	return &benchComputer{b, spec}, nil
}

func (b *bench) isOn(id string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.on[id]
}

func (b *bench) boots(id string) (specs []machine.Spec) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, s := range b.specs {
		if s.InstanceID == id {
			specs = append(specs, s)
		}
	}
	return specs
}

type benchComputer struct {
	bench *bench
	spec  machine.Spec
}

func (c *benchComputer) Console() []byte  { return []byte("console of " + c.spec.InstanceID) }
func (c *benchComputer) Password() string { return "geheim" }
func (c *benchComputer) Shutdown(context.Context) error {
	c.bench.mu.Lock()
	defer c.bench.mu.Unlock()
	c.bench.on[c.spec.InstanceID] = false
	return nil
}

// world is a State and what it is made of.
type world struct {
	*State
	t     *testing.T
	dir   string
	bench *bench
}

const (
	linuxImage   = "ami-7fd23e3b"
	windowsImage = "ami-b74fa1f3"
	centosImage  = "ami-dbac5f9f"
)

// newWorld is the outage of July 2015, changed, in fast motion: a simulated
// second takes a tenth of a real millisecond.
func newWorld(t *testing.T, change func(*scenario.Scenario)) *world {
	t.Helper()
	sc, err := scenario.Load("")
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(sc)
	}
	b := &bench{on: map[string]bool{}}
	w := &world{t: t, dir: t.TempDir(), bench: b}
	w.State, err = New(sc, Options{
		Dir: w.dir, Clock: clock.New(0.0001), Bastion: netip.MustParseAddr("127.0.0.1"),
		Drivers: map[string]machine.Driver{"linux": b, "windows": b},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	return w
}

func request(image string) LaunchRequest {
	return LaunchRequest{ImageID: image, Type: "c3.2xlarge", Min: 1, Max: 1, GroupNames: []string{"rust-slave"}}
}

func (w *world) launch(req LaunchRequest) Instance {
	w.t.Helper()
	r, err := w.RunInstances(req)
	if err != nil {
		w.t.Fatal(err)
	}
	return r.Instances[0]
}

// running launches an instance and waits until its computer is on.
func (w *world) running(image string) string {
	w.t.Helper()
	id := w.launch(request(image)).ID
	w.until(id, Running)
	w.eventually("the computer of "+id+" is on", func() bool { return w.bench.isOn(id) })
	return id
}

func (w *world) instance(id string) Instance {
	w.t.Helper()
	for _, in := range w.Instances() {
		if in.ID == id {
			return in
		}
	}
	w.t.Fatalf("no instance %s", id)
	return Instance{}
}

func (w *world) image(id string) Image {
	w.t.Helper()
	for _, im := range w.Images() {
		if im.ID == id {
			return im
		}
	}
	w.t.Fatalf("no image %s", id)
	return Image{}
}

func (w *world) until(id, state string) {
	w.t.Helper()
	w.eventually(id+" is "+state, func() bool { return w.instance(id).State == state })
}

func (w *world) imaged(id, state string) {
	w.t.Helper()
	w.eventually(id+" is "+state, func() bool { return w.image(id).State == state })
}

func (w *world) eventually(what string, is func() bool) {
	w.t.Helper()
	for end := time.Now().Add(10 * time.Second); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			w.t.Fatalf("never came: %s", what)
		}
	}
}

func (w *world) must(_ any, err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// refused fails unless err bears EC2's code.
func refused(t *testing.T, err error, code string) {
	t.Helper()
	if e, ok := err.(*Error); !ok || e.Code != code {
		t.Errorf("got %v, want %s", err, code)
	}
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

func (w *world) write(id, file, text string) {
	w.t.Helper()
	if err := os.WriteFile(filepath.Join(w.InstanceRoot(id), file), []byte(text), 0o644); err != nil {
		w.t.Fatal(err)
	}
}

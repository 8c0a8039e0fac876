package ec2ops_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"net/http/httptest"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/amirotate/amirotate/internal/ec2ops"
	"github.com/amirotate/amirotate/internal/sandbox/clock"
	"github.com/amirotate/amirotate/internal/sandbox/ec2api"
	"github.com/amirotate/amirotate/internal/sandbox/ec2state"
	"github.com/amirotate/amirotate/internal/sandbox/machine"
	"github.com/amirotate/amirotate/internal/sandbox/scenario"
)

// embedded is the embedded EC2 of July 2015 without its hosts, a thousand times
// as fast as EC2.
type embedded struct {
	site
	state *ec2state.State
	log   *apiLog
}

// mishap strikes the nth call of an action, from 1, and the ones after it, times
// of them in all.
type mishap struct {
	action, deed string
	nth, times   int
}

func newEmbedded(t *testing.T, mishaps ...mishap) *embedded {
	t.Helper()
	sc, err := scenario.Load("")
	if err != nil {
		t.Fatal(err)
	}
	ticking := clock.New(0.001)
	state, err := ec2state.New(sc, ec2state.Options{
		Dir: t.TempDir(), Clock: ticking, Bastion: netip.MustParseAddr("127.66.255.1"),
		Drivers: map[string]machine.Driver{"linux": blankDriver{}, "windows": blankDriver{}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(state.Close)
	log := &apiLog{}
	server := httptest.NewServer(ec2api.New(ec2api.Options{
		State: state, Clock: ticking, AccessKey: "AKIASANDBOX", Log: log, Throttle: true,
		Latency: 100 * time.Millisecond, Faults: &mishapsByAction{all: mishaps, calls: map[string]int{}},
	}))
	t.Cleanup(server.Close)
	vars := map[string]string{
		"AWS_ENDPOINT_URL": server.URL, "AWS_REGION": sc.Region,
		"AWS_ACCESS_KEY_ID": "AKIASANDBOX", "AWS_SECRET_ACCESS_KEY": "sandbox",
	}
	return &embedded{
		site: site{
			getenv: func(name string) string { return vars[name] }, poll: 5 * time.Millisecond,
			image: "ami-7fd23e3b", group: "rust-slave", instanceType: "m3.xlarge", permission: "272727272727",
			shareWith: "210987654321",
		},
		state: state, log: log,
	}
}

func (e *embedded) client(t *testing.T) *ec2ops.Client { return e.site.client(t) }

// mishapsByAction counts the calls of each action.
type mishapsByAction struct {
	all   []mishap
	mu    sync.Mutex
	calls map[string]int
}

func (m *mishapsByAction) Call(action string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.calls[action]++
	n := m.calls[action]
	for _, one := range m.all {
		if one.action == action && n >= one.nth && n < one.nth+max(one.times, 1) {
			return one.deed
		}
	}
	return ""
}

// blankDriver boots computers that nobody connects to.
type blankDriver struct{}

func (blankDriver) Boot(_ context.Context, s machine.Spec) (machine.Computer, error) {
	return blankComputer{s.InstanceID}, nil
}

type blankComputer struct{ id string }

func (c blankComputer) Console() []byte              { return []byte("console of " + c.id + "\r\n") }
func (blankComputer) Password() string               { return "" }
func (blankComputer) Shutdown(context.Context) error { return nil }

// apiLog gathers the lines of api.jsonl.
type apiLog struct {
	mu    sync.Mutex
	lines bytes.Buffer
}

func (l *apiLog) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lines.Write(b)
}

type logged struct {
	Action string `json:"action"`
	DryRun bool   `json:"dry_run"`
	Status int    `json:"status"`
	Error  string `json:"error"`
	Agent  string `json:"agent"`
}

func (l *apiLog) calls(t *testing.T) []logged {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []logged
	s := bufio.NewScanner(bytes.NewReader(l.lines.Bytes()))
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		var one logged
		if err := json.Unmarshal(s.Bytes(), &one); err != nil {
			t.Fatalf("%s: %v", s.Text(), err)
		}
		out = append(out, one)
	}
	return out
}

func (l *apiLog) count(t *testing.T, action string) int {
	t.Helper()
	n := 0
	for _, c := range l.calls(t) {
		if c.Action == action {
			n++
		}
	}
	return n
}

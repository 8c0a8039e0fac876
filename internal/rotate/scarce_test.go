package rotate

import (
	"errors"
	"testing"
	"time"

	"github.com/amirotate/amirotate/internal/cloud"
)

// TestPatienceWithScarcity: waiting for room ends only when, for as long as a
// launch may take, no image of the run has got on.
func TestPatienceWithScarcity(t *testing.T) {
	now := time.Date(2015, 7, 14, 0, 0, 0, 0, time.UTC)
	r := &run{Runner: &Runner{Waits: Waits{Launch: 10 * time.Minute}, Now: func() time.Time { return now }}}
	ir := &imageRun{run: r, plan: &ImagePlan{InstanceType: "m3.xlarge"}}
	refused := &cloud.Error{Kind: cloud.Quota, Op: "RunInstances", Code: "VcpuLimitExceeded"}
	for range 20 { // others come and go, every nine minutes
		if err := ir.stillPatient(refused); err != nil {
			t.Fatalf("gave up after %v: %v", now, err)
		}
		now = now.Add(9 * time.Minute)
		r.move()
	}
	now = now.Add(10 * time.Minute)
	var timeout *TimeoutError
	if err := ir.stillPatient(refused); !errors.As(err, &timeout) || timeout.Setting != "waits.launch" {
		t.Errorf("got %v", err)
	}
}

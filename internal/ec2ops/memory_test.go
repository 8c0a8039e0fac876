package ec2ops

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/amirotate/amirotate/internal/cloud"
)

func instanceIn(state cloud.InstanceState) cloud.Instance {
	return cloud.Instance{ID: "i-1", State: state, Platform: cloud.Linux}
}

// TestMemoryLearns: the time between our deed and the last look that still
// showed its phase is how long such a phase lasts at least.
func TestMemoryLearns(t *testing.T) {
	tests := []struct {
		name  string
		looks []time.Duration // after the launch; the last one shows it running
		want  time.Duration
	}{
		{"looks before and after", []time.Duration{13 * time.Second, 14 * time.Second, 15 * time.Second}, 14400 * time.Millisecond},
		{"a long gap before", []time.Duration{5 * time.Second, 15 * time.Second}, 14400 * time.Millisecond},
		{"close looks", []time.Duration{14900 * time.Millisecond, 15 * time.Second}, 14900 * time.Millisecond},
		{"one look", []time.Duration{15 * time.Second}, 14400 * time.Millisecond},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := newExperience(nil)
				m, began := newMemory(instancePhase, e), time.Now()
				m.began("i-1", instanceIn(cloud.InstancePending))
				for i, at := range tt.looks {
					state := cloud.InstancePending
					if i == len(tt.looks)-1 {
						state = cloud.InstanceRunning
					}
					m.saw("i-1", instanceIn(state), began.Add(at), true)
				}
				if got := e.least(instancePhase(instanceIn(cloud.InstancePending)).class); got != tt.want {
					t.Errorf("learnt %v, want %v", got, tt.want)
				}
			})
		})
	}
}

// TestMemoryIsNotMisled: after a stop EC2 may still show the instance running,
// in a look that began before it or in one from a server that is behind.
func TestMemoryIsNotMisled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory(instancePhase, newExperience(nil))
		m.saw("i-1", instanceIn(cloud.InstanceRunning), time.Now(), true)
		early := time.Now()
		time.Sleep(time.Second)
		m.began("i-1", instanceIn(cloud.InstanceStopping))
		m.saw("i-1", instanceIn(cloud.InstanceRunning), early, true)
		m.saw("i-1", instanceIn(cloud.InstanceRunning), time.Now().Add(time.Second), true)
		if r, _ := m.of("i-1"); r.phase.steady {
			t.Error("it is taken to go on running")
		}
		m.saw("i-1", instanceIn(cloud.InstanceStopped), time.Now().Add(30*time.Second), true)
		if r, _ := m.of("i-1"); r.value.State != cloud.InstanceStopped {
			t.Errorf("it is %s", r.value.State)
		}
	})
}

// TestUsualDurations hold until something has been learnt.
func TestUsualDurations(t *testing.T) {
	e := newExperience(usualDurations(time.Second))
	class := instancePhase(instanceIn(cloud.InstanceStopping)).class
	if got := e.least(class); got != 27*time.Second || e.knows(class) {
		t.Errorf("at first %v, known: %v", got, e.knows(class))
	}
	e.learn(class, 59*time.Second, time.Minute, true)
	if got := e.least(class); got != 59*time.Second || !e.knows(class) {
		t.Errorf("then %v, known: %v", got, e.knows(class))
	}
	for range samples {
		e.learn(class, 9900*time.Millisecond, 10*time.Second, true)
	}
	e.learn(class, 59*time.Second, time.Minute, true)
	if got := e.least(class); got != 9900*time.Millisecond {
		t.Errorf("the shortest of the newest counts: %v", got)
	}
}

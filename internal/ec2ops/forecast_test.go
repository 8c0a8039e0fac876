package ec2ops

import (
	"context"
	"errors"
	"testing"
	"time"
)

func TestExpect(t *testing.T) {
	tests := []struct {
		name    string
		elapsed time.Duration
		done    float64
		want    expectation
	}{
		{"nothing is told", 20 * time.Second, 0, expectation{20 * time.Second, true}},
		{"it is done", 20 * time.Second, 1, expectation{20 * time.Second, true}},
		{"early on it asks again soon", 20 * time.Second, 0.02, expectation{60 * time.Second, false}},
		{"then halfway", 60 * time.Second, 0.25, expectation{150 * time.Second, false}},
		{"near the end it looks just before", 150 * time.Second, 0.75, expectation{198 * time.Second, true}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := expect(tt.elapsed, tt.done); got != tt.want {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}

func TestForecast(t *testing.T) {
	fail := errors.New("throttled")
	var err error
	f := newForecast(time.Second, func(context.Context) (map[string]float64, error) {
		return map[string]float64{"ami-1": 0.9, "ami-2": 0}, err
	})
	if from, settled := f.of("ami-1"); from != 20*time.Second || settled {
		t.Errorf("before the first survey: %v, %v", from, settled)
	}
	now := time.Date(2015, 7, 14, 0, 0, 0, 0, time.UTC)
	since := map[string]time.Time{"ami-1": now.Add(-90 * time.Second), "ami-2": now.Add(-time.Second)}
	if err := f.survey(t.Context(), since, now); err != nil {
		t.Fatal(err)
	}
	if from, settled := f.of("ami-1"); from != 99*time.Second || !settled {
		t.Errorf("nine tenths after 90 s: %v, %v", from, settled)
	}
	if from, settled := f.of("ami-2"); from != 25*time.Second || settled {
		t.Errorf("what has only begun, where others take 100 s: %v, %v", from, settled)
	}
	err = fail
	if got := f.survey(t.Context(), map[string]time.Time{"ami-3": now.Add(-time.Minute)}, now); !errors.Is(got, fail) {
		t.Errorf("got %v", got)
	}
	f.progress = func(context.Context) (map[string]float64, error) { return nil, fail }
	_ = f.survey(t.Context(), map[string]time.Time{"ami-3": now.Add(-time.Minute)}, now)
	if from, settled := f.of("ami-3"); from != time.Minute || !settled {
		t.Errorf("after a survey that failed: %v, %v", from, settled)
	}
}

func TestImageOf(t *testing.T) {
	for description, want := range map[string]string{
		"Created by CreateImage(i-1) for ami-1 from vol-1": "ami-1",
		"Created by CreateImage(i-1) for ami-1":            "ami-1",
		"my backup":                                        "",
	} {
		if got := imageOf(description); got != want {
			t.Errorf("%q: %q, want %q", description, got, want)
		}
	}
}

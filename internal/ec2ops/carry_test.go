package ec2ops

import (
	"testing"
	"time"
)

func TestDeprecationToSet(t *testing.T) {
	now := time.Date(2015, 7, 14, 12, 0, 30, 0, time.UTC)
	in := func(d time.Duration) time.Time { return now.Add(d) }
	minute := time.Date(2016, 1, 1, 0, 0, 0, 0, time.UTC)
	tests := []struct {
		name      string
		want, has time.Time
		at        time.Time // zero: nothing to set
	}{
		{"none", time.Time{}, time.Time{}, time.Time{}},
		{"one", minute, time.Time{}, minute},
		{"the same", minute, minute, time.Time{}},
		{"the same to the minute", minute.Add(20 * time.Second), minute, time.Time{}},
		{"another", minute, minute.Add(time.Hour), minute},
		{"rounded", minute.Add(40 * time.Second), time.Time{}, minute.Add(time.Minute)},
		{"in the past", in(-time.Hour), time.Time{}, time.Time{}},
		{"too soon to be set", in(20 * time.Second), time.Time{}, time.Time{}},
		{"too far ahead", now.AddDate(11, 0, 0), time.Time{}, time.Date(2025, 7, 14, 12, 0, 0, 0, time.UTC)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			at, due := deprecationToSet(tt.want, tt.has, now)
			if due != !tt.at.IsZero() || !at.Equal(tt.at) {
				t.Errorf("got %v, %v, want %v", at, due, tt.at)
			}
		})
	}
}

package rotate

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestEpochWords(t *testing.T) {
	for _, test := range []struct {
		at                   string
		week, month, quarter string
	}{
		{"2029-12-31T23:59:59Z", "2030-W01", "2029-12", "2029-Q4"}, // a Monday
		{"2030-01-01T00:00:00Z", "2030-W01", "2030-01", "2030-Q1"},
		{"2033-01-01T12:00:00Z", "2032-W53", "2033-01", "2033-Q1"}, // a Saturday
		{"2030-03-31T23:30:00-02:00", "2030-W14", "2030-04", "2030-Q2"},
		{"2030-04-01T01:30:00+02:00", "2030-W13", "2030-03", "2030-Q1"},
		{"2030-06-30T00:00:00Z", "2030-W26", "2030-06", "2030-Q2"},
		{"2030-09-30T00:00:00Z", "2030-W40", "2030-09", "2030-Q3"},
	} {
		at, err := time.Parse(time.RFC3339, test.at)
		if err != nil {
			t.Fatal(err)
		}
		for period, want := range map[Period]string{Weekly: test.week, Monthly: test.month, Quarterly: test.quarter, Never: "", "": ""} {
			if got := period.Word(at); got != want {
				t.Errorf("%s, %s: %q, want %q", test.at, period, got, want)
			}
		}
	}
}

func TestEpochsAt(t *testing.T) {
	for _, test := range []struct {
		fixed  string
		period Period
		at     time.Time
		want   Epochs
		others []string
	}{
		{"", Never, time.Date(2030, 4, 1, 0, 0, 0, 0, time.UTC), Epochs{}, nil},
		{"blue", Never, time.Date(2030, 4, 1, 0, 0, 0, 0, time.UTC), Epochs{"blue", "blue", "blue"}, nil},
		{"", Monthly, time.Date(2030, 4, 15, 0, 0, 0, 0, time.UTC), Epochs{"2030-04", "2030-04", "2030-04"}, nil},
		{"", Monthly, time.Date(2030, 3, 31, 0, 0, 0, 0, time.UTC), Epochs{"2030-03", "2030-03", "2030-04"}, []string{"2030-04"}},
		{"blue", Monthly, time.Date(2030, 4, 1, 23, 59, 59, 0, time.UTC), Epochs{"blue 2030-04", "blue 2030-03", "blue 2030-04"}, []string{"blue 2030-03"}},
		{"", Monthly, time.Date(2030, 4, 2, 0, 0, 0, 0, time.UTC), Epochs{"2030-04", "2030-04", "2030-04"}, nil},
	} {
		got := EpochsAt(test.fixed, test.period, test.at)
		if got != test.want || !cmp.Equal(got.neighbours(), test.others) {
			t.Errorf("%q and %s at %s: %+v, %v", test.fixed, test.period, test.at, got, got.neighbours())
		}
	}
}

func TestEndsNoEarlier(t *testing.T) {
	for _, test := range []struct {
		a, b string
		want bool
	}{
		{"2031-01-01T00:00:00Z", "2030-01-01T00:00:00Z", true},
		{"2030-01-01T00:00:00Z", "2030-01-01T00:00:00Z", true},
		{"2029-12-31T23:59:59Z", "2030-01-01T00:00:00Z", false},
		{"", "2030-01-01T00:00:00Z", false},
		{"2031-01-01T00:00:00Z", "", false},
	} {
		if got := endsNoEarlier(test.a, test.b); got != test.want {
			t.Errorf("%q, %q: %v", test.a, test.b, got)
		}
	}
}

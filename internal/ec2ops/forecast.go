package ec2ops

import (
	"context"
	"strings"
	"sync"
	"time"
)

// forecast foresees when things will be ready from how far they have got, as
// long as nothing has been learnt of that: one call tells of all of them.
type forecast struct {
	first    time.Duration // before the first survey
	least    time.Duration // of what the last survey foresaw; 0 before it
	progress func(context.Context) (map[string]float64, error)
	mu       sync.Mutex
	by       map[string]expectation
}

// expectation is when to look or to ask again.
type expectation struct {
	from    time.Duration
	settled bool // it is time to look, not to ask
}

// firstSurvey is in units of PollMin; EC2 makes no image in less.
const firstSurvey = 20

func newForecast(unit time.Duration, progress func(context.Context) (map[string]float64, error)) *forecast {
	return &forecast{first: firstSurvey * unit, progress: progress, by: map[string]expectation{}}
}

// of returns the earliest end of a thing's phase after its beginning, or, if
// that is not settled, when a survey is due.
func (f *forecast) of(id string) (from time.Duration, settled bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	e, known := f.by[id]
	if !known { // like those that were surveyed: there is time
		return max(f.first, f.least/4), false
	}
	return e.from, e.settled
}

// survey asks how far the things have got at the time now, each having begun at
// since. One whose progress is not told is to be looked at; so are all, if the
// survey fails. What has only begun is left for another one.
func (f *forecast) survey(ctx context.Context, since map[string]time.Time, now time.Time) error {
	progress, err := f.progress(ctx)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.least = 0
	for id, began := range since {
		elapsed := now.Sub(began)
		if elapsed < f.first {
			continue
		}
		f.by[id] = expect(elapsed, progress[id])
		if whole := wholeOf(elapsed, progress[id]); f.least == 0 || whole < f.least {
			f.least = whole
		}
	}
	return err
}

// wholeOf is how long it all takes, going by the part that was done after a time.
func wholeOf(elapsed time.Duration, done float64) time.Duration {
	if done <= 0 || done >= 1 {
		return elapsed
	}
	return time.Duration(float64(elapsed) / done)
}

// expect extrapolates from the part of the work that was done after a time.
// While much is left it asks for another survey halfway, since progress may
// gather speed.
func expect(elapsed time.Duration, done float64) expectation {
	if done <= 0 || done >= 1 {
		return expectation{from: elapsed, settled: true}
	}
	whole := wholeOf(elapsed, done)
	left := whole - elapsed
	if left <= whole/3 {
		return expectation{from: whole - whole/100, settled: true}
	}
	return expectation{from: elapsed + min(left/2, 2*elapsed)}
}

// imageOf reads the image id from the words that CreateImage gives a snapshot;
// see madeFor.
func imageOf(description string) string {
	if _, after, ok := strings.Cut(description, ") for "); ok {
		id, _, _ := strings.Cut(after, " ")
		return id
	}
	return ""
}

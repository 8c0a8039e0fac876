package ec2ops

import "time"

// schedule decides when the next look at a kind of resource is due, so that
// each change is noticed within fraction of the time that it took, or min,
// whichever is larger, with as few looks as that needs. It has no clock of its
// own.
type schedule struct {
	min, max time.Duration // between two looks
	rest     time.Duration // between two looks at what is expected to stay as it is
	fraction float64       // of the time that a wait has lasted
}

func newSchedule(unit time.Duration) schedule {
	return schedule{min: unit, max: 15 * unit, rest: 60 * unit, fraction: 0.05}
}

// outlook is what is known of one wait.
type outlook struct {
	since   time.Time     // when what is waited for began
	from    time.Duration // it is not expected to end sooner after since; 0 if nothing is known
	steady  bool          // it is expected to stay as it is
	patient bool          // nothing else waits for it
	crowded bool          // many others wait, each for its own time
	unseen  bool          // nothing is known of its state, or, if calm, it has not been looked at
	calm    bool          // nothing waits for a change; since is when it was last looked at
}

// due returns when to look again for one wait. last is when the last look
// began, zero if there was none.
//
// What nothing is known of is looked at promptly, but never sooner than min
// after the last look, however many waits begin. Then, while it is not expected
// to end, it isn't looked at. From there on looks are close together, and
// further apart the longer the change is overdue, up to fraction of the whole
// wait; where nothing is known of how long it takes, that is from the beginning.
// Half of the time within which a change is to be noticed is spent on letting
// others come to the same look, where there are many.
func (s schedule) due(last time.Time, o outlook) time.Time {
	earliest := o.since
	if !last.IsZero() {
		earliest = later(o.since, last.Add(s.min))
	}
	expected, slack := o.since.Add(o.from), time.Duration(0)
	if o.crowded {
		slack = max(s.min, time.Duration(s.fraction*float64(o.from))) / 2
		expected = expected.Add(slack)
	}
	switch {
	case o.calm && o.unseen:
		return o.since.Add(s.rest / 2)
	case o.calm:
		return o.since.Add(s.rest)
	case o.unseen:
		return earliest
	case o.steady:
		return later(o.since, last).Add(s.rest)
	case last.Before(expected):
		return later(earliest, expected)
	}
	whole, overdue := last.Sub(o.since), last.Sub(expected)
	pause := min(time.Duration(s.fraction*float64(whole)), overdue/2)
	if o.patient {
		pause = max(whole/8, 2*s.min)
	}
	return last.Add(min(max(pause, slack, s.min), s.max))
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

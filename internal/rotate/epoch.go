package rotate

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/amirotate/amirotate/internal/cloud"
)

// Period is how often every image is made anew although its patch would be the
// same.
type Period string

// Periods, of the calendar in UTC.
const (
	Never     Period = "none"
	Weekly    Period = "week" // ISO 8601's, from Monday
	Monthly   Period = "month"
	Quarterly Period = "quarter"
)

// Word names the period that a time is in, "" for Never.
func (p Period) Word(at time.Time) string {
	at = at.UTC()
	switch p {
	case Weekly:
		year, week := at.ISOWeek()
		return fmt.Sprintf("%04d-W%02d", year, week)
	case Monthly:
		return at.Format("2006-01")
	case Quarterly:
		return fmt.Sprintf("%04d-Q%d", at.Year(), (int(at.Month())+2)/3)
	}
	return ""
}

// nearby is how near the end of an epoch the neighbouring one counts: so much
// may a run take, and another machine's clock be wrong.
const nearby = 24 * time.Hour

// Epochs are words that are part of patch ids.
type Epochs struct {
	Now string
	// Near the beginning or the end of an epoch, its neighbour's word; else that
	// of Now. What another run is at or has left under a neighbour's word is gone
	// on with, and what bears the next one's is current.
	Last, Next string
}

// EpochsAt returns the words that hold at a time: a fixed one, the period's, or
// both.
func EpochsAt(fixed string, p Period, at time.Time) Epochs {
	word := func(at time.Time) string { return strings.TrimSpace(fixed + " " + p.Word(at)) }
	return Epochs{Now: word(at), Last: word(at.Add(-nearby)), Next: word(at.Add(nearby))}
}

// neighbours are the other words than Now's.
func (e Epochs) neighbours() []string {
	var words []string
	for _, w := range []string{e.Last, e.Next} {
		if w != "" && w != e.Now {
			words = append(words, w)
		}
	}
	return words
}

// unfinished returns the neighbouring epoch in which something is being made for
// an image that is due, "" for none.
func (p *planning) unfinished(ctx context.Context, sources []string, made []cloud.Image) (string, error) {
	words := p.req.Epochs.neighbours()
	if len(words) == 0 {
		return "", nil
	}
	instances, err := p.Instances.Temporaries(ctx, sources)
	if err != nil {
		return "", err
	}
	for _, img := range p.plan.Images {
		for _, word := range words {
			s := sightOf(made, instances, img.Source, PatchID(img.changes, word))
			if img.Action == Replace && s.underWay() {
				return word, nil
			}
		}
	}
	return "", nil
}

// underWay tells whether something is being made, or was when a run died.
func (s sight) underWay() bool {
	r := s.replacement
	return s.builder != nil || s.prover != nil || r != nil && !r.proven() && !r.lost()
}

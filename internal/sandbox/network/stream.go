package network

import (
	"errors"
	"io"
	"os"
	"sync"
	"syscall"
	"time"
)

// window is how many bytes a direction holds before writers wait for readers.
const window = 256 << 10

// stream is one direction of a connection.
type stream struct {
	latency time.Duration

	mu       sync.Mutex
	changed  chan struct{} // closed and replaced at every change
	parcels  []parcel
	held     int // bytes in parcels
	finished bool
	left     bool // the reader has gone
	broken   bool
	cutAt    int64 // bytes until the cut, -1 for none
	cut      func()
}

// parcel is bytes that were written at once and when they arrive.
type parcel struct {
	data []byte
	due  time.Time
}

func newStream(latency time.Duration) *stream {
	return &stream{latency: latency, changed: make(chan struct{}), cutAt: -1}
}

// update changes the stream and wakes all who wait on it.
func (s *stream) update(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
	close(s.changed)
	s.changed = make(chan struct{})
}

func (s *stream) finish()  { s.update(func() { s.finished = true }) }
func (s *stream) abandon() { s.update(func() { s.left, s.parcels, s.held = true, nil, 0 }) }
func (s *stream) reset()   { s.update(func() { s.broken, s.parcels, s.held = true, nil, 0 }) }

func (s *stream) cutAfter(n int64, cut func()) {
	s.update(func() { s.cutAt, s.cut = n, cut })
	if n <= 0 {
		cut()
	}
}

// read waits for bytes that have arrived, the end, a reset or the deadline.
func (s *stream) read(p []byte, by *deadline) (int, error) {
	for {
		passed := by.wait()
		if isClosed(passed) {
			return 0, os.ErrDeadlineExceeded
		}
		n, arrival, cut, err := s.take(p)
		if cut != nil {
			cut()
		}
		if n > 0 || err != nil || len(p) == 0 {
			return n, err
		}
		s.await(arrival, passed)
	}
}

// await returns when the stream changed, the next parcel arrives or the
// deadline has passed. The change is looked for from before the last look.
func (s *stream) await(next arrival, passed <-chan struct{}) {
	var due <-chan time.Time
	if !next.due.IsZero() {
		t := time.NewTimer(time.Until(next.due))
		defer t.Stop()
		due = t.C
	}
	select {
	case <-next.changed:
	case <-due:
	case <-passed:
	}
}

// arrival is what a reader or writer that found nothing to do waits for.
type arrival struct {
	changed <-chan struct{}
	due     time.Time // zero: nothing is on its way
}

// take moves what has arrived into p, and returns the cut to be carried out if
// its byte was reached.
func (s *stream) take(p []byte) (n int, next arrival, cut func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	next.changed = s.changed
	switch {
	case s.broken:
		return 0, next, nil, syscall.ECONNRESET
	case s.left:
		return 0, next, nil, os.ErrClosed
	}
	if s.cutAt >= 0 && int64(len(p)) > s.cutAt {
		p = p[:s.cutAt]
	}
	now := time.Now()
	for n < len(p) && len(s.parcels) > 0 && !s.parcels[0].due.After(now) {
		k := copy(p[n:], s.parcels[0].data)
		n += k
		if s.parcels[0].data = s.parcels[0].data[k:]; len(s.parcels[0].data) == 0 {
			s.parcels = s.parcels[1:]
		}
	}
	if n > 0 {
		s.held -= n
		close(s.changed)
		s.changed = make(chan struct{})
		if s.cutAt >= 0 {
			if s.cutAt -= int64(n); s.cutAt == 0 {
				cut = s.cut
			}
		}
		return n, next, cut, nil
	}
	if len(s.parcels) > 0 {
		next.due = s.parcels[0].due
		return 0, next, nil, nil
	}
	if s.finished {
		return 0, next, nil, io.EOF
	}
	return 0, next, nil, nil
}

// write waits for room for all of p, a reset, the reader's end or the deadline.
func (s *stream) write(p []byte, by *deadline) (int, error) {
	written := 0
	for {
		passed := by.wait()
		if isClosed(passed) {
			return written, os.ErrDeadlineExceeded
		}
		n, changed, err := s.put(p[written:])
		written += n
		if err != nil || written == len(p) {
			return written, err
		}
		s.await(arrival{changed: changed}, passed)
	}
}

// put stores as much of p as there is room for.
func (s *stream) put(p []byte) (int, <-chan struct{}, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.broken:
		return 0, nil, syscall.ECONNRESET
	case s.finished:
		return 0, nil, os.ErrClosed
	case s.left:
		return 0, nil, syscall.EPIPE
	}
	n := min(len(p), window-s.held)
	if n > 0 {
		s.parcels = append(s.parcels, parcel{data: append([]byte(nil), p[:n]...), due: time.Now().Add(s.latency)})
		s.held += n
		close(s.changed)
		s.changed = make(chan struct{})
	}
	return n, s.changed, nil
}

func isEOF(err error) bool { return errors.Is(err, io.EOF) }

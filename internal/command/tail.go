package command

// Tail is a writer that keeps the last MaxOutput bytes of what it is given.
type Tail struct {
	kept    []byte
	dropped int64
}

// Write takes everything and never fails.
func (t *Tail) Write(p []byte) (int, error) {
	n := len(p)
	if excess := n - MaxOutput; excess > 0 {
		t.dropped += int64(excess)
		p = p[excess:]
	}
	if excess := len(t.kept) + len(p) - MaxOutput; excess > 0 {
		t.dropped += int64(excess)
		t.kept = append(t.kept[:0], t.kept[excess:]...)
	}
	t.kept = append(t.kept, p...)
	return n, nil
}

// Output is what was written so far, with an exit status.
func (t *Tail) Output(status int) Output {
	return Output{Text: string(t.kept), Dropped: t.dropped, Status: status}
}

package slavelist

import (
	"fmt"
	"sync"
)

// Rewrite is a list with other image ids, and what became different.
type Rewrite struct {
	List     *List
	Edits    []Edit        // values of ami=
	Comments []CommentEdit // image ids in comment lines
}

// Edit is a changed ami= value.
type Edit struct {
	Line   int    `json:"line"` // from 1
	Worker string `json:"worker"`
	From   string `json:"from"`
	To     string `json:"to"`
}

// CommentEdit is a changed image id in a comment line.
type CommentEdit struct {
	Line int    `json:"line"` // from 1
	From string `json:"from"`
	To   string `json:"to"`
}

// Replace returns the list with each image id that is a key of ids replaced by
// its value, once: an id that was put in is not replaced again. The list itself
// stays as it is. Replace fails if a value is no image id.
func (l *List) Replace(ids map[string]string) (Rewrite, error) {
	for from, to := range ids {
		if !IsImageID(to) {
			return Rewrite{}, fmt.Errorf("cannot replace %s by %q: not an image id", from, to)
		}
	}
	c := &changes{old: l.body()}
	rw := Rewrite{List: &List{name: l.name, malformed: l.malformed, body: sync.OnceValue(c.body), changes: c}}
	for i, r := range c.old.refs {
		from := c.old.id(r)
		if to, ok := ids[string(from)]; ok && to != string(from) {
			c.swaps = append(c.swaps, swap{i, to})
			rw.record(c.old, r, to)
		}
	}
	return rw, nil
}

func (rw *Rewrite) record(old body, r ref, to string) {
	from, number := string(old.id(r)), int(r.line)
	if r.inNote {
		rw.Comments = append(rw.Comments, CommentEdit{Line: number, From: from, To: to})
		return
	}
	rw.Edits = append(rw.Edits, Edit{Line: number, Worker: old.workerAt(r), From: from, To: to})
}

package slavelist

import (
	"bufio"
	"bytes"
	"io"
	"slices"
)

// changes is a list's body before a rewrite, and what is put into it.
type changes struct {
	old   body
	swaps []swap // in the order of the file
}

// swap puts an image id in the place of a ref.
type swap struct {
	ref int // index into body.refs
	to  string
}

// writeTo writes the bytes after the rewrite.
func (c *changes) writeTo(w io.Writer) (int64, error) {
	const chunk = 256 << 10
	counted := &counter{w: w}
	out := bufio.NewWriterSize(counted, chunk)
	copied := 0
	for _, s := range c.swaps {
		r := c.old.refs[s.ref]
		_, _ = out.Write(c.old.data[copied:r.start]) // Flush tells what went wrong
		_, _ = out.WriteString(s.to)
		copied = r.end()
	}
	_, _ = out.Write(c.old.data[copied:])
	err := out.Flush()
	return counted.n, err
}

// counter counts the bytes that a writer took.
type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.n += int64(n)
	return n, err
}

// body returns the body after the rewrite.
func (c *changes) body() body {
	var b bytes.Buffer
	b.Grow(len(c.old.data) + len(c.swaps)*(maxID-minID))
	_, _ = c.writeTo(&b) // a buffer takes everything
	return body{data: b.Bytes(), refs: c.moved()}
}

// moved returns the refs after the rewrite.
func (c *changes) moved() []ref {
	refs, shift, swaps := slices.Clone(c.old.refs), 0, c.swaps
	for i := range refs {
		r := &refs[i]
		r.start += shift
		if len(swaps) > 0 && swaps[0].ref == i {
			shift += len(swaps[0].to) - int(r.size)
			r.size = uint8(len(swaps[0].to))
			swaps = swaps[1:]
		}
	}
	return refs
}

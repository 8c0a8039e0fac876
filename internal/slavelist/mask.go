package slavelist

// Masked returns the list with stars for every password: of workers, of
// workers that were commented out, and whatever may be one in a malformed line.
// In comments it also masks each word that is some worker's password, unless it
// is an image id of the list.
func (l *List) Masked() []byte {
	m := masker{names: map[string]bool{}, passwords: map[string]bool{}}
	for n := range l.nodes() {
		if n.kind == worker {
			m.names[string(n.fields[0].bytes(n.text))] = true
			m.passwords[string(n.fields[1].bytes(n.text))] = true
		}
	}
	for _, id := range l.Images() {
		delete(m.passwords, id)
	}
	for n := range l.nodes() {
		m.line(n)
	}
	return m.out
}

type masker struct {
	names, passwords map[string]bool // of the list's workers
	out              []byte
}

// line appends a line, masked.
func (m *masker) line(n node) {
	copied := 0
	for i, f := range n.fields {
		if m.isSecret(n, i) {
			m.out = append(append(m.out, n.text[copied:f.start]...), Stars...)
			copied = f.end
		}
	}
	m.out = append(m.out, n.text[copied:]...)
}

// isSecret tells whether field i of a line is or may be a password.
func (m *masker) isSecret(n node, i int) bool {
	f := n.fields[i]
	switch n.kind {
	case worker:
		return i == 1
	case malformed:
		return i == 1 || i > 1 && !f.isKeyValue(n.text)
	case comment:
		from, to := commentedPassword(n.text, n.fields)
		return from <= i && i < to || m.passwords[string(f.bytes(n.text))] ||
			i == 1 && m.names[string(n.fields[0].bytes(n.text))]
	}
	return false
}

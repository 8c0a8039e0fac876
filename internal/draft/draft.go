package draft

import "strings"

// Draft is a configuration that is being put together. The zero value is empty
// and ready to use.
type Draft struct {
	values  map[string][]string
	notes   map[string]string
	example map[string]string
	needed  map[string]bool
	omitted []string
}

// Set gives a key its values, and says where they come from. What is set
// already stays: the first to know wins.
func (d *Draft) Set(path, from string, values ...string) {
	find(path)
	if d.Has(path) || len(values) == 0 || values[0] == "" {
		return
	}
	d.init()
	d.values[path], d.notes[path] = values, from
}

// Suggest says of a key that is not set what might be filled in, and with a
// value that is not "" writes that into the commented line.
func (d *Draft) Suggest(path, note, value string) {
	find(path)
	d.init()
	if !d.Has(path) {
		d.notes[path], d.example[path] = note, value
	}
}

// Need says that a rotation can't do without these keys.
func (d *Draft) Need(paths ...string) {
	d.init()
	for _, path := range paths {
		find(path)
		d.needed[path] = true
	}
}

// Omit leaves out a section, such as platforms.windows, of which nothing is set.
func (d *Draft) Omit(section string) { d.omitted = append(d.omitted, section+".") }

// Has tells whether a key is set.
func (d *Draft) Has(path string) bool { return len(d.values[path]) > 0 }

// Get returns a key's values.
func (d *Draft) Get(path string) []string { return d.values[path] }

// First returns a key's first value, "" if it has none.
func (d *Draft) First(path string) string {
	if !d.Has(path) {
		return ""
	}
	return d.values[path][0]
}

func (d *Draft) init() {
	if d.values == nil {
		d.values, d.notes, d.example, d.needed = map[string][]string{}, map[string]string{}, map[string]string{}, map[string]bool{}
	}
}

// Found is a setting and where it comes from.
type Found struct {
	Key    string   `json:"key"`
	Values []string `json:"values"`
	From   string   `json:"from"`
}

// Found returns what is set, in the order of the file.
func (d *Draft) Found() []Found {
	found := []Found{}
	for _, k := range d.keys() {
		if d.Has(k.path) {
			found = append(found, Found{k.path, d.values[k.path], d.notes[k.path]})
		}
	}
	return found
}

// Missing is a key that a rotation needs and that is not set.
type Missing struct {
	Key  string `json:"key"`
	Hint string `json:"hint"`
	Flag string `json:"flag"` // of init that sets it
	Ask  string `json:"-"`    // the question for it
}

// Missing returns what is to be filled in, in the order of the file.
func (d *Draft) Missing() []Missing {
	missing := []Missing{}
	for _, k := range d.keys() {
		if d.needed[k.path] && !d.Has(k.path) {
			missing = append(missing, Missing{k.path, d.note(k), k.flag, k.ask})
		}
	}
	return missing
}

// Question returns the question for a key.
func Question(path string) string { return find(path).ask }

// keys are those of the layout but for omitted sections.
func (d *Draft) keys() []key {
	var keys []key
	for _, k := range layout {
		if !d.isOmitted(k.path) {
			keys = append(keys, k)
		}
	}
	return keys
}

func (d *Draft) isOmitted(path string) bool {
	for _, section := range d.omitted {
		if strings.HasPrefix(path, section) && !d.anyIn(section) {
			return true
		}
	}
	return false
}

// anyIn tells whether a key below a section is set.
func (d *Draft) anyIn(section string) bool {
	for path := range d.values {
		if strings.HasPrefix(path, section) {
			return true
		}
	}
	return false
}

func (d *Draft) note(k key) string {
	if note := d.notes[k.path]; note != "" {
		return note
	}
	return k.doc
}

package slavelist

import "strconv"

// What master.cfg takes where a line doesn't say.
const (
	DefaultMaxBuilds    = 1
	DefaultInstanceType = "m3.xlarge"
)

// Entry is a worker as master.cfg sees it.
type Entry struct {
	Line         int        `json:"line"` // from 1
	Name         string     `json:"name"`
	Password     Password   `json:"password"`
	AMI          string     `json:"ami,omitempty"` // "" for a static worker
	InstanceType string     `json:"instance_type"`
	MaxBuilds    int        `json:"max_builds"`
	Keys         []KeyValue `json:"keys"` // all of them, known or not, in the order of the line
}

// KeyValue is one key=value field.
type KeyValue struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// Static tells whether the worker is a machine that is never launched.
func (e Entry) Static() bool { return e.AMI == "" }

// Value returns the last value of a key, "" if the line doesn't have it.
func (e Entry) Value(key string) string {
	value := ""
	for _, k := range e.Keys {
		if k.Key == key {
			value = k.Value
		}
	}
	return value
}

// newEntry reads a worker's line.
func newEntry(n node) Entry {
	e := Entry{
		Line:         n.number,
		Name:         string(n.fields[0].bytes(n.text)),
		Password:     NewPassword(string(n.fields[1].bytes(n.text))),
		InstanceType: DefaultInstanceType,
		MaxBuilds:    DefaultMaxBuilds,
		Keys:         make([]KeyValue, 0, len(n.fields)-2),
	}
	for _, f := range n.fields[2:] {
		e.set(string(f.key(n.text)), string(f.val(n.text)))
	}
	return e
}

func (e *Entry) set(key, value string) {
	e.Keys = append(e.Keys, KeyValue{key, value})
	switch key {
	case keyAMI:
		e.AMI = value
	case keyInstanceType:
		e.InstanceType = value
	case keyMaxBuilds:
		e.MaxBuilds, _ = strconv.Atoi(value) // checked by the parser
	}
}

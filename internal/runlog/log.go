package runlog

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// MaxSize is how many bytes of steps a log takes; what comes at the end of a run
// is written beyond it. A rotation of a thousand images has about 2 MiB.
const MaxSize = 16 << 20

// Log is the log of a run under way. It may be used by several goroutines.
type Log struct {
	mu    sync.Mutex
	path  string
	file  *os.File
	err   error        // the first one in writing the file
	all   bytes.Buffer // what the file holds, or should
	limit int
	full  bool
}

// New begins a log in a folder, which is made if need be; "" keeps none. It
// always returns a Log that can be used and read back; the error says why
// nothing of it is kept.
func New(folder string, at time.Time) (*Log, error) {
	l := &Log{limit: MaxSize}
	if folder == "" {
		return l, nil
	}
	err := l.begin(folder, at)
	if err != nil {
		err = fmt.Errorf("cannot keep the event log: %w", err)
	}
	return l, err
}

func (l *Log) begin(folder string, at time.Time) error {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	path := filepath.Join(folder, at.UTC().Format(timeInName)+"-"+newID()+suffix)
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	l.path, l.file = path, file
	prune(folder, Keep)
	return nil
}

// newID tells runs apart that begin in the same millisecond.
func newID() string {
	var b [4]byte
	_, _ = rand.Read(b[:]) // it never fails
	return hex.EncodeToString(b[:])
}

// Path is where the log is kept, "" if it is not.
func (l *Log) Path() string { return l.path }

// Write adds a record as a line. Steps that no longer fit are left out, which a
// line says.
func (l *Log) Write(kind string, record any) {
	line, err := encode(record)
	l.mu.Lock()
	defer l.mu.Unlock()
	if err != nil {
		l.fail(err)
		return
	}
	if kind == KindStep && l.all.Len()+len(line) > l.limit {
		if l.full {
			return
		}
		l.full, line = true, []byte(`{"event":"`+KindTruncated+`"}`+"\n")
	}
	l.all.Write(line)
	if l.file != nil {
		_, err := l.file.Write(line)
		l.fail(err)
	}
}

func encode(record any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(record)
	return b.Bytes(), err
}

func (l *Log) fail(err error) {
	if l.err == nil && err != nil {
		l.err = fmt.Errorf("cannot keep the whole event log: %w", err)
	}
}

// Close ends the log and returns the first error in keeping it.
func (l *Log) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file != nil {
		l.fail(l.file.Close())
		l.file = nil
	}
	return l.err
}

// Run reads back what has been written, kept or not.
func (l *Log) Run() (*Run, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	run, err := Parse(bytes.NewReader(l.all.Bytes()))
	if err == nil && l.path != "" {
		run.Name = stem(l.path)
	}
	return run, err
}

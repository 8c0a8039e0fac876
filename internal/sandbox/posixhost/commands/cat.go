package commands

import (
	"bufio"
	"errors"
	"io"

	"github.com/amirotate/amirotate/internal/sandbox/posixhost/rootfs"
)

func cat(p *Process) int {
	opts, operands, ok := p.parse("un", "number:n")
	if !ok {
		return 1
	}
	n := 0
	return p.eachInput(operands, func(name string, r io.Reader) int {
		if opts.has("n") {
			return p.eachLine(name, r, func(line []byte) error {
				n++
				_, err := io.WriteString(p.Stdout, padLeft(itoa(n), 6)+"\t"+string(line))
				return err
			})
		}
		return p.copy(p.Stdout, name, r)
	})
}

// copy copies a stream and tells reading faults from writing faults.
func (p *Process) copy(w io.Writer, name string, r io.Reader) int {
	buf := make([]byte, 32<<10)
	for {
		n, err := r.Read(buf)
		if n > 0 {
			if _, werr := w.Write(buf[:n]); werr != nil {
				return p.written(werr)
			}
		}
		if err == io.EOF {
			return 0
		}
		if err != nil {
			return p.fault(name, err)
		}
	}
}

// errEnough ends eachLine without a fault.
var errEnough = errors.New("enough")

// eachLine hands over each line with its newline, if it has one, as it arrives,
// and ends with the status of the first fault.
func (p *Process) eachLine(name string, r io.Reader, do func(line []byte) error) int {
	in := bufio.NewReader(r)
	for {
		line, err := in.ReadBytes('\n')
		if len(line) > 0 {
			if err := do(line); err != nil {
				if err == errEnough {
					return 0
				}
				return p.written(err)
			}
		}
		if err == io.EOF {
			return 0
		}
		if err != nil {
			return p.fault(name, err)
		}
	}
}

func readAll(view *rootfs.View, name string) ([]byte, error) {
	file, err := view.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(file)
}

package commands

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
)

// dd copies blocks: if=, of=, bs=, count=, skip=, seek=, conv=notrunc|fsync and
// status=.
func dd(p *Process) int {
	settings := map[string]string{"bs": "512", "skip": "0", "seek": "0", "count": "", "if": "-", "of": "", "conv": "", "status": "", "ibs": "", "obs": "", "iflag": "", "oflag": ""}
	for _, arg := range p.Args[1:] {
		name, value, ok := strings.Cut(arg, "=")
		if _, known := settings[name]; !ok || !known {
			return p.complain("unrecognized operand %s", quoted(arg))
		}
		settings[name] = value
	}
	numbers := map[string]int64{}
	for _, name := range []string{"bs", "skip", "seek", "count"} {
		n, ok := blockNumber(settings[name])
		if !ok {
			return p.complain("invalid number: %s", quoted(settings[name]))
		}
		numbers[name] = n
	}
	in, err := p.open(settings["if"])
	if err != nil {
		return p.complain("failed to open %s: %s", quoted(settings["if"]), words(err))
	}
	defer in.Close()
	if _, err := io.CopyN(io.Discard, in, numbers["skip"]*numbers["bs"]); err != nil && err != io.EOF {
		return p.fault(settings["if"], err)
	}
	out, closeOut, status := p.ddOutput(settings, numbers)
	if status != 0 {
		return status
	}
	defer closeOut()
	limit := int64(1) << 62
	if settings["count"] != "" {
		limit = numbers["count"] * numbers["bs"]
	}
	n, err := copyBlocks(p, out, io.LimitReader(in, limit), numbers["bs"])
	if settings["status"] != "none" {
		fmt.Fprintf(p.Stderr, "%d+%d records in\n%[1]d+%[2]d records out\n%d bytes copied\n", n/numbers["bs"], btoi(n%numbers["bs"] > 0), n)
	}
	if err != nil {
		return p.complain("error writing %s: %s", quoted(settings["of"]), words(err))
	}
	return 0
}

func copyBlocks(p *Process, w io.Writer, r io.Reader, size int64) (int64, error) {
	buf := make([]byte, min(size, 1<<20))
	total := int64(0)
	for p.Ctx.Err() == nil {
		n, err := r.Read(buf)
		if n > 0 {
			if _, werr := w.Write(buf[:n]); werr != nil {
				return total, werr
			}
			total += int64(n)
		}
		if err != nil {
			break
		}
	}
	return total, nil
}

func (p *Process) ddOutput(settings map[string]string, numbers map[string]int64) (io.Writer, func(), int) {
	name := settings["of"]
	if name == "" {
		return p.Stdout, func() {}, 0
	}
	flag := os.O_WRONLY | os.O_CREATE
	if !strings.Contains(settings["conv"], "notrunc") && numbers["seek"] == 0 {
		flag |= os.O_TRUNC
	}
	file, err := p.FS.OpenFile(name, flag, 0o666)
	if err != nil {
		return nil, nil, p.complain("failed to open %s: %s", quoted(name), words(err))
	}
	if numbers["seek"] > 0 {
		if _, err := file.Seek(numbers["seek"]*numbers["bs"], io.SeekStart); err != nil {
			file.Close()
			return nil, nil, p.fault(name, err)
		}
	}
	return file, func() { file.Close() }, 0
}

func blockNumber(text string) (int64, bool) {
	if text == "" {
		return 0, true
	}
	unit := int64(1)
	for suffix, u := range map[string]int64{"k": 1 << 10, "K": 1 << 10, "M": 1 << 20, "b": 512, "c": 1} {
		if body, ok := strings.CutSuffix(text, suffix); ok {
			text, unit = body, u
			break
		}
	}
	n, err := strconv.ParseInt(text, 10, 64)
	return n * unit, err == nil && n >= 0
}

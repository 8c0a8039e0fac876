package commands

import (
	"fmt"
	"io"
	"strconv"
	"strings"
)

// dumpFormat is one -t of od: how many bytes an item has and how it is printed.
type dumpFormat struct {
	size, width int
	text        func(item []byte) string
}

func od(p *Process) int {
	opts, operands, ok := p.parse("A:t:N:j:vbcdox", "address-radix=:A", "format=:t", "read-bytes=:N", "skip-bytes=:j")
	if !ok {
		return 1
	}
	var formats []dumpFormat
	for _, o := range opts {
		spec := o.value
		if o.name != "t" {
			spec = map[string]string{"b": "o1", "c": "c", "d": "u2", "o": "o2", "x": "x2"}[o.name]
		}
		if spec == "" {
			continue
		}
		if o.name != "t" && strings.Contains("ANjv", o.name) {
			continue
		}
		f, ok := parseDump(spec)
		if !ok {
			return p.complain("invalid type string %s; a, c, d, o, u and x with sizes 1, 2, 4 and 8 are known", quoted(spec))
		}
		formats = append(formats, f)
	}
	if len(formats) == 0 {
		f, _ := parseDump("o2")
		formats = append(formats, f)
	}
	var all []byte
	if code := p.eachInput(operands, func(name string, r io.Reader) int {
		content, err := io.ReadAll(r)
		if err != nil {
			return p.fault(name, err)
		}
		all = append(all, content...)
		return 0
	}); code != 0 {
		return code
	}
	skip, limit := 0, len(all)
	for flag, into := range map[string]*int{"j": &skip, "N": &limit} {
		if text, given := opts.value(flag); given {
			n, err := strconv.ParseInt(text, 0, 64)
			if err != nil || n < 0 {
				return p.complain("invalid argument %s", quoted(text))
			}
			*into = int(n)
		}
	}
	skip = min(skip, len(all))
	all = all[skip:min(len(all), skip+limit)]
	radix, _ := opts.value("A")
	return p.print(dump(all, skip, radix, formats, opts.has("v")))
}

func parseDump(spec string) (dumpFormat, bool) {
	if spec == "c" || spec == "a" {
		return dumpFormat{size: 1, width: 3, text: charText}, spec == "c"
	}
	size := 4
	if len(spec) > 1 {
		n, err := strconv.Atoi(spec[1:])
		if err != nil {
			return dumpFormat{}, false
		}
		size = n
	}
	if size != 1 && size != 2 && size != 4 && size != 8 || spec == "" {
		return dumpFormat{}, false
	}
	number := func(item []byte) (n uint64) {
		for i, b := range item {
			n |= uint64(b) << (8 * i)
		}
		return n
	}
	at := map[int]int{1: 0, 2: 1, 4: 2, 8: 3}[size]
	switch spec[0] {
	case 'x':
		return dumpFormat{size, 2 * size, func(b []byte) string { return fmt.Sprintf("%0*x", 2*size, number(b)) }}, true
	case 'o':
		width := []int{3, 6, 11, 22}[at]
		return dumpFormat{size, width, func(b []byte) string { return fmt.Sprintf("%0*o", width, number(b)) }}, true
	case 'u':
		return dumpFormat{size, []int{3, 5, 10, 20}[at], func(b []byte) string { return strconv.FormatUint(number(b), 10) }}, true
	case 'd':
		shift := 64 - 8*size
		return dumpFormat{size, []int{4, 6, 11, 20}[at], func(b []byte) string {
			return strconv.FormatInt(int64(number(b))<<shift>>shift, 10)
		}}, true
	}
	return dumpFormat{}, false
}

func charText(item []byte) string {
	c := item[0]
	if at := strings.IndexByte("\x00\a\b\f\n\r\t\v", c); at >= 0 {
		return `\` + "0abfnrtv"[at:at+1]
	}
	if c < ' ' || c > '~' {
		return fmt.Sprintf("%03o", c)
	}
	return string(rune(c))
}

// dump prints lines of 16 bytes; lines like the one before are a star unless
// all are wanted.
func dump(all []byte, start int, radix string, formats []dumpFormat, verbose bool) string {
	var out strings.Builder
	address := func(n int) string {
		switch radix {
		case "n":
			return ""
		case "d":
			return fmt.Sprintf("%07d", n)
		case "x":
			return fmt.Sprintf("%06x", n)
		}
		return fmt.Sprintf("%07o", n)
	}
	// Columns of several formats line up: the widest decides.
	perByte := 0.0
	for _, f := range formats {
		perByte = max(perByte, float64(f.width+1)/float64(f.size))
	}
	last, starred := "", false
	for at := 0; at < len(all); at += 16 {
		row := all[at:min(at+16, len(all))]
		if string(row) == last && !verbose && len(row) == 16 {
			if !starred {
				out.WriteString("*\n")
			}
			starred = true
			continue
		}
		last, starred = string(row), false
		for i, f := range formats {
			if i == 0 {
				out.WriteString(address(start + at))
			} else if radix != "n" {
				out.WriteString(strings.Repeat(" ", len(address(0))))
			}
			for j := 0; j < len(row); j += f.size {
				item := make([]byte, f.size)
				copy(item, row[j:])
				out.WriteString(padLeft(f.text(item), int(perByte*float64(f.size))))
			}
			out.WriteByte('\n')
		}
	}
	if radix != "n" {
		out.WriteString(address(start+len(all)) + "\n")
	}
	return out.String()
}

package commands

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
)

func head(p *Process) int { return p.part(headOf) }
func tail(p *Process) int { return p.part(tailOf) }

// part is head and tail, which differ in the end that they keep.
func (p *Process) part(keep func(content []byte, bytes, fromStart bool, n int) []byte) int {
	if len(p.Args) > 1 && len(p.Args[1]) > 1 && strings.Trim(p.Args[1][1:], "0123456789") == "" && strings.ContainsAny(p.Args[1][:1], "-+") {
		p.Args = append([]string{p.Args[0], "-n", strings.TrimPrefix(p.Args[1], "-")}, p.Args[2:]...)
	}
	opts, operands, ok := p.parse("n:c:qv", "lines=:n", "bytes=:c", "quiet:q")
	if !ok {
		return 1
	}
	count, byBytes := "10", false
	if text, given := opts.value("n"); given {
		count = text
	}
	if text, given := opts.value("c"); given {
		count, byBytes = text, true
	}
	n, err := strconv.Atoi(strings.TrimPrefix(count, "+"))
	if err != nil {
		return p.complain("invalid number of lines: %s", quoted(count))
	}
	first := true
	return p.eachInput(operands, func(name string, r io.Reader) int {
		content, err := p.beginning(r, byBytes, n)
		if err != nil {
			return p.fault(name, err)
		}
		title := ""
		if len(operands) > 1 && !opts.has("q") || opts.has("v") {
			title = "==> " + strings.Replace(name, "-", "standard input", btoi(name == "-")) + " <==\n"
			if !first {
				title = "\n" + title
			}
			first = false
		}
		return p.print(title + string(keep(content, byBytes, strings.HasPrefix(count, "+"), n)))
	})
}

// beginning reads all that head or tail needs to see: for head no more than the
// lines or bytes that it is to print.
func (p *Process) beginning(r io.Reader, byBytes bool, n int) ([]byte, error) {
	switch {
	case p.name() != "head" || n < 0:
		return io.ReadAll(r)
	case byBytes:
		return io.ReadAll(io.LimitReader(r, int64(n)))
	}
	var content []byte
	in := bufio.NewReader(r)
	for range n {
		line, err := in.ReadBytes('\n')
		content = append(content, line...)
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
	}
	return content, nil
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// headOf returns the first n lines or bytes; for a negative n, all but the last.
func headOf(content []byte, byBytes, _ bool, n int) []byte {
	ends := ends(content, byBytes)
	if n < 0 {
		n = max(0, len(ends)-1+n)
	}
	return content[:ends[min(n, len(ends)-1)]]
}

// tailOf returns the last n lines or bytes, or what begins with the nth.
func tailOf(content []byte, byBytes, fromStart bool, n int) []byte {
	ends := ends(content, byBytes)
	if fromStart {
		return content[ends[min(max(0, n-1), len(ends)-1)]:]
	}
	if n < 0 {
		n = -n
	}
	return content[ends[max(0, len(ends)-1-n)]:]
}

// ends returns where each line or byte ends, 0 first.
func ends(content []byte, byBytes bool) []int {
	at := []int{0}
	if byBytes {
		for i := range content {
			at = append(at, i+1)
		}
		return at
	}
	for line := range bytes.Lines(content) {
		at = append(at, at[len(at)-1]+len(line))
	}
	return at
}

func wc(p *Process) int {
	opts, operands, ok := p.parse("clwm", "bytes:c", "lines:l", "words:w", "chars:m")
	if !ok {
		return 1
	}
	columns := func(c [3]int) []int {
		var cols []int
		for i, flag := range []string{"l", "w", "cm"} {
			if len(opts) == 0 || opts.last(flag) != "" {
				cols = append(cols, c[i])
			}
		}
		return cols
	}
	type row struct {
		name   string
		counts [3]int
	}
	var rows []row
	total := [3]int{}
	status := p.eachInput(operands, func(name string, r io.Reader) int {
		content, err := io.ReadAll(r)
		if err != nil {
			return p.fault(name, err)
		}
		counts := [3]int{bytes.Count(content, []byte("\n")), len(bytes.Fields(content)), len(content)}
		for i := range total {
			total[i] += counts[i]
		}
		rows = append(rows, row{name, counts})
		return 0
	})
	width := len(itoa(total[2]))
	if len(operands) == 0 || len(operands) == 1 && operands[0] == "-" {
		width = 7
	}
	if len(rows) == 1 && len(columns(total)) == 1 {
		width = 1
	}
	if len(operands) > 1 {
		rows = append(rows, row{"total", total})
	}
	var out strings.Builder
	for _, r := range rows {
		for i, n := range columns(r.counts) {
			if i > 0 {
				out.WriteByte(' ')
			}
			out.WriteString(padLeft(itoa(n), width))
		}
		if len(operands) > 0 {
			out.WriteString(" " + r.name)
		}
		out.WriteByte('\n')
	}
	if code := p.print(out.String()); code != 0 {
		return code
	}
	return status
}

func seq(p *Process) int {
	numbers := []int64{1, 1, 1}
	var err error
	args := p.Args[1:]
	if len(args) < 1 || len(args) > 3 {
		return p.complain("missing or extra operand")
	}
	for i, at := range [][]int{{2}, {0, 2}, {0, 1, 2}}[len(args)-1] {
		if numbers[at], err = integer(args[i]); err != nil {
			return p.complain("invalid floating point argument: %s", quoted(args[i]))
		}
	}
	if numbers[1] == 0 {
		return p.complain("invalid Zero increment value: '0'")
	}
	for n := numbers[0]; numbers[1] > 0 && n <= numbers[2] || numbers[1] < 0 && n >= numbers[2]; n += numbers[1] {
		if code := p.print(strconv.FormatInt(n, 10) + "\n"); code != 0 || p.Ctx.Err() != nil {
			return code
		}
	}
	return 0
}

func tee(p *Process) int {
	opts, operands, ok := p.parse("ai", "append:a")
	if !ok {
		return 1
	}
	flag := os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	if opts.has("a") {
		flag = os.O_WRONLY | os.O_CREATE | os.O_APPEND
	}
	status := 0
	outputs := []io.Writer{p.Stdout}
	names := []string{"standard output"}
	for _, name := range operands {
		file, err := p.FS.OpenFile(name, flag, 0o666)
		if err != nil {
			status = p.fault(name, err)
			continue
		}
		defer file.Close()
		outputs, names = append(outputs, file), append(names, name)
	}
	buf := make([]byte, 32<<10)
	for {
		n, err := p.Stdin.Read(buf)
		for i, w := range outputs {
			if w == nil || n == 0 {
				continue
			}
			if _, werr := w.Write(buf[:n]); werr != nil {
				if i == 0 && p.isPipe(werr) {
					return StatusPipe
				}
				status = p.fault(names[i], werr)
				outputs[i] = nil
			}
		}
		if err != nil {
			return status
		}
	}
}

func cmpFiles(p *Process) int {
	opts, operands, ok := p.parse("sbl", "silent:s", "quiet:s")
	if !ok {
		return 2
	}
	if len(operands) == 1 {
		operands = append(operands, "-")
	}
	if len(operands) != 2 {
		p.complain("missing operand")
		return 2
	}
	var content [2][]byte
	for i, name := range operands {
		file, err := p.open(name)
		if err == nil {
			content[i], err = io.ReadAll(file)
			file.Close()
		}
		if err != nil {
			p.fault(name, err)
			return 2
		}
	}
	a, b := content[0], content[1]
	same := 0
	for same < len(a) && same < len(b) && a[same] == b[same] {
		same++
	}
	switch {
	case same == len(a) && same == len(b):
		return 0
	case opts.has("s"):
		return 1
	case same == len(a) || same == len(b):
		short := operands[btoi(len(b) < len(a))]
		fmt.Fprintf(p.Stderr, "cmp: EOF on %s after byte %d\n", short, same)
		return 1
	}
	p.print(fmt.Sprintf("%s %s differ: char %d, line %d\n", operands[0], operands[1], same+1, 1+bytes.Count(a[:same], []byte("\n"))))
	return 1
}

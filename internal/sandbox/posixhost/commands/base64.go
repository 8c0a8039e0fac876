package commands

import (
	"encoding/base64"
	"io"
	"strconv"
	"strings"
)

func base64Command(p *Process) int {
	opts, operands, ok := p.parse("diw:D", "decode:d", "ignore-garbage:i", "wrap=:w")
	if !ok {
		return 1
	}
	wrap := 76
	if text, given := opts.value("w"); given {
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 {
			return p.complain("invalid wrap size: %s", quoted(text))
		}
		wrap = n
	}
	return p.eachInput(operands, func(name string, r io.Reader) int {
		if opts.has("d") || opts.has("D") {
			return p.decode64(name, r, opts.has("i"))
		}
		return p.encode64(name, r, wrap)
	})
}

func (p *Process) encode64(name string, r io.Reader, wrap int) int {
	content, err := io.ReadAll(r)
	if err != nil {
		return p.fault(name, err)
	}
	text := base64.StdEncoding.EncodeToString(content)
	if wrap == 0 {
		return p.print(text)
	}
	var out strings.Builder
	for len(text) > 0 {
		n := min(wrap, len(text))
		out.WriteString(text[:n] + "\n")
		text = text[n:]
	}
	return p.print(out.String())
}

func (p *Process) decode64(name string, r io.Reader, ignoreGarbage bool) int {
	text, err := io.ReadAll(r)
	if err != nil {
		return p.fault(name, err)
	}
	clean := strings.Map(func(c rune) rune {
		if c == '\n' || ignoreGarbage && !strings.ContainsRune("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=", c) {
			return -1
		}
		return c
	}, string(text))
	content, err := base64.StdEncoding.DecodeString(clean)
	if code := p.print(string(content)); code != 0 {
		return code
	}
	if err != nil {
		return p.complain("invalid input")
	}
	return 0
}

// opensslBase64 is openssl base64: lines of 64 characters, -A for one line.
func (p *Process) opensslBase64(args []string) int {
	wrap, decode, in := 64, false, "-"
	for i := 0; i < len(args); i++ {
		switch {
		case args[i] == "-A":
			wrap = 0
		case args[i] == "-d":
			decode = true
		case args[i] == "-e":
		case args[i] == "-in" && i+1 < len(args):
			i++
			in = args[i]
		default:
			return p.complain("base64: Unknown option: %s", args[i])
		}
	}
	return p.eachInput([]string{in}, func(name string, r io.Reader) int {
		if decode {
			return p.decode64(name, r, false)
		}
		return p.encode64(name, r, wrap)
	})
}

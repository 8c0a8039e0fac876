package commands

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"hash"
	"io"
	"regexp"
	"strings"
)

// digestOf returns a new hash by the name that commands and openssl give it.
func digestOf(name string) hash.Hash {
	switch name {
	case "md5":
		return md5.New()
	case "sha1":
		return sha1.New()
	case "sha256":
		return sha256.New()
	case "sha512":
		return sha512.New()
	}
	return nil
}

func (p *Process) digest(algorithm, name string) (string, error) {
	file, err := p.open(name)
	if err != nil {
		return "", err
	}
	defer file.Close()
	h := digestOf(algorithm)
	if _, err := io.Copy(h, file); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// sumCommand is md5sum, sha1sum, sha256sum and sha512sum.
func sumCommand(p *Process) int {
	opts, operands, ok := p.parse("btcwz", "binary:b", "text:t", "check:c", "status", "quiet", "warn:w", "zero:z")
	if !ok {
		return 1
	}
	algorithm := strings.TrimSuffix(p.name(), "sum")
	if len(operands) == 0 {
		operands = []string{"-"}
	}
	status := 0
	for _, name := range operands {
		if opts.has("c") {
			status = max(status, p.checkSums(algorithm, name, opts))
			continue
		}
		sum, err := p.digest(algorithm, name)
		if err != nil {
			status = p.fault(name, err)
			continue
		}
		mark := " "
		if opts.has("b") {
			mark = "*"
		}
		if code := p.print(escapedSumLine(sum, mark, name)); code != 0 {
			return code
		}
	}
	return status
}

// escapedSumLine marks a name with a newline or backslash as coreutils does.
func escapedSumLine(sum, mark, name string) string {
	escaped := strings.NewReplacer(`\`, `\\`, "\n", `\n`).Replace(name)
	lead := ""
	if escaped != name {
		lead = `\`
	}
	return lead + sum + " " + mark + escaped + "\n"
}

// checkSums verifies the lines of a list of sums.
func (p *Process) checkSums(algorithm, list string, opts options) int {
	content, err := p.open(list)
	if err != nil {
		return p.fault(list, err)
	}
	defer content.Close()
	line := regexp.MustCompile(`^([0-9a-fA-F]+) [ *](.+)$`)
	found, failed, unread := 0, 0, 0
	code := p.eachLine(list, content, func(b []byte) error {
		m := line.FindStringSubmatch(strings.TrimSuffix(string(b), "\n"))
		if m == nil || len(m[1]) != 2*digestOf(algorithm).Size() {
			return nil
		}
		found++
		verdict := m[2] + ": OK\n"
		sum, err := p.digest(algorithm, m[2])
		switch {
		case err != nil:
			p.fault(m[2], err)
			unread++
			verdict = m[2] + ": FAILED open or read\n"
		case !strings.EqualFold(sum, m[1]):
			failed++
			verdict = m[2] + ": FAILED\n"
		case opts.has("quiet"):
			verdict = ""
		}
		if opts.has("status") {
			return nil
		}
		_, err = io.WriteString(p.Stdout, verdict)
		return err
	})
	switch {
	case code != 0:
		return code
	case found == 0:
		return p.complain("%s: no properly formatted checksum lines found", list)
	case failed+unread > 0 && !opts.has("status"):
		return p.complain("WARNING: %d of %d computed checksums did NOT match or could not be read", failed+unread, found)
	case failed+unread > 0:
		return 1
	}
	return 0
}

// openssl is openssl's dgst and base64, and md5, sha1 and sha256 as commands.
func openssl(p *Process) int {
	if len(p.Args) < 2 {
		return p.complain("only dgst, base64 and enc -base64 are installed here")
	}
	verb, rest := p.Args[1], p.Args[2:]
	switch {
	case verb == "dgst":
		return p.dgst("sha256", rest)
	case digestOf(verb) != nil:
		return p.dgst(verb, rest)
	case verb == "base64", verb == "enc" && len(rest) > 0 && (rest[0] == "-base64" || rest[0] == "-a"):
		if verb == "enc" {
			rest = rest[1:]
		}
		return p.opensslBase64(rest)
	}
	return p.complain("Invalid command '%s'; only dgst, base64 and enc -base64 are installed here", verb)
}

func (p *Process) dgst(algorithm string, args []string) int {
	reversed, binary := false, false
	for len(args) > 0 && strings.HasPrefix(args[0], "-") {
		switch flag := strings.TrimLeft(args[0], "-"); {
		case flag == "r":
			reversed = true
		case flag == "binary":
			binary = true
		case flag == "hex":
		case digestOf(flag) != nil:
			algorithm = flag
		default:
			return p.complain("dgst: Unknown option or message digest: %s", flag)
		}
		args = args[1:]
	}
	label := map[string]string{"md5": "MD5", "sha1": "SHA1", "sha256": "SHA2-256", "sha512": "SHA2-512"}[algorithm]
	status := 0
	names := args
	if len(names) == 0 {
		names = []string{"-"}
	}
	for _, name := range names {
		sum, err := p.digest(algorithm, name)
		if err != nil {
			status = p.fault(name, err)
			continue
		}
		shown := name
		if len(args) == 0 {
			shown = "stdin"
		}
		line := label + "(" + shown + ")= " + sum + "\n"
		switch {
		case binary:
			raw, _ := hex.DecodeString(sum)
			line = string(raw)
		case reversed:
			line = sum + " *" + shown + "\n"
		}
		if code := p.print(line); code != 0 {
			return code
		}
	}
	return status
}

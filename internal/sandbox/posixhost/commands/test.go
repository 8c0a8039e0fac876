package commands

import (
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"github.com/amirotate/amirotate/internal/sandbox/posixhost/rootfs"
)

// expression is an expression of test(1) that is being evaluated.
type expression struct {
	*Process
	rest []string
}

// test is test and [: status 0 true, 1 false, 2 no valid expression.
func test(p *Process) (status int) {
	args := p.Args[1:]
	if p.name() == "[" {
		if len(args) == 0 || args[len(args)-1] != "]" {
			p.complain("missing ]")
			return 2
		}
		args = args[:len(args)-1]
	}
	value, err := (&expression{Process: p}).evaluate(args)
	switch {
	case err != nil:
		p.complain("%v", err)
		return 2
	case value:
		return 0
	}
	return 1
}

// evaluate follows POSIX's rules by the number of arguments, and beyond four
// the grammar with -a, -o, ! and parentheses.
func (e *expression) evaluate(args []string) (bool, error) {
	switch {
	case len(args) == 0:
		return false, nil
	case len(args) == 1:
		return args[0] != "", nil
	case len(args) == 2 && args[0] == "!":
		return args[1] == "", nil
	case len(args) == 3 && isBinary(args[1]):
		return e.binary(args[0], args[1], args[2])
	case len(args) == 3 && args[0] == "!", len(args) == 4 && args[0] == "!":
		value, err := e.evaluate(args[1:])
		return !value, err
	case len(args) == 3 && args[0] == "(" && args[2] == ")":
		return args[1] != "", nil
	}
	e.rest = args
	value, err := e.or()
	if err == nil && len(e.rest) > 0 {
		err = fmt.Errorf("%s: unexpected operator", e.rest[0])
	}
	return value, err
}

func (e *expression) or() (bool, error) {
	value, err := e.and()
	for err == nil && len(e.rest) > 0 && e.rest[0] == "-o" {
		e.rest = e.rest[1:]
		var right bool
		right, err = e.and()
		value = value || right
	}
	return value, err
}

func (e *expression) and() (bool, error) {
	value, err := e.not()
	for err == nil && len(e.rest) > 0 && e.rest[0] == "-a" {
		e.rest = e.rest[1:]
		var right bool
		right, err = e.not()
		value = value && right
	}
	return value, err
}

func (e *expression) not() (bool, error) {
	if len(e.rest) > 1 && e.rest[0] == "!" && !(len(e.rest) > 2 && isBinary(e.rest[1])) {
		e.rest = e.rest[1:]
		value, err := e.not()
		return !value, err
	}
	return e.primary()
}

func (e *expression) primary() (bool, error) {
	if len(e.rest) == 0 {
		return false, fmt.Errorf("argument expected")
	}
	if len(e.rest) > 2 && isBinary(e.rest[1]) {
		a, op, b := e.rest[0], e.rest[1], e.rest[2]
		e.rest = e.rest[3:]
		return e.binary(a, op, b)
	}
	word := e.rest[0]
	e.rest = e.rest[1:]
	if word == "(" {
		value, err := e.or()
		if err == nil && (len(e.rest) == 0 || e.rest[0] != ")") {
			err = fmt.Errorf("closing paren expected")
		}
		if err == nil {
			e.rest = e.rest[1:]
		}
		return value, err
	}
	if len(word) == 2 && word[0] == '-' && strings.Contains("bcdefghkLnOGprSstuwxz", word[1:]) && len(e.rest) > 0 {
		operand := e.rest[0]
		e.rest = e.rest[1:]
		return e.unary(word[1], operand)
	}
	return word != "", nil
}

func isBinary(op string) bool {
	switch op {
	case "=", "!=", "-eq", "-ne", "-lt", "-le", "-gt", "-ge", "-nt", "-ot", "-ef", "<", ">":
		return true
	}
	return false
}

func (e *expression) binary(a, op, b string) (bool, error) {
	switch op {
	case "=":
		return a == b, nil
	case "!=":
		return a != b, nil
	case "<":
		return a < b, nil
	case ">":
		return a > b, nil
	case "-ef":
		return e.FS.SameFile(a, b), nil
	case "-ot":
		return e.newer(b, a), nil
	case "-nt":
		return e.newer(a, b), nil
	}
	x, err := integer(a)
	if err != nil {
		return false, err
	}
	y, err := integer(b)
	if err != nil {
		return false, err
	}
	return map[string]bool{"-eq": x == y, "-ne": x != y, "-lt": x < y, "-le": x <= y, "-gt": x > y, "-ge": x >= y}[op], nil
}

// newer tells whether a was changed after b; as in dash both must be there.
func (e *expression) newer(a, b string) bool {
	x, err := e.FS.Stat(a)
	if err != nil {
		return false
	}
	y, err := e.FS.Stat(b)
	return err == nil && x.ModTime().After(y.ModTime())
}

func integer(s string) (int64, error) {
	n, err := strconv.ParseInt(strings.TrimSpace(s), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("Illegal number: %s", s)
	}
	return n, nil
}

func (e *expression) unary(op byte, operand string) (bool, error) {
	switch op {
	case 'n':
		return operand != "", nil
	case 'z':
		return operand == "", nil
	case 't':
		_, err := integer(operand)
		return false, err // no command has a terminal here
	case 'r':
		return e.FS.Access(operand, rootfs.Read) == nil, nil
	case 'w':
		return e.FS.Access(operand, rootfs.Write) == nil, nil
	case 'x':
		return e.FS.Access(operand, rootfs.Exec) == nil, nil
	case 'h', 'L':
		info, err := e.FS.Lstat(operand)
		return err == nil && info.Mode()&fs.ModeSymlink != 0, nil
	}
	info, err := e.FS.Stat(operand)
	if err != nil {
		return false, nil
	}
	uid, gid := rootfs.Owner(info)
	mode := info.Mode()
	switch op {
	case 'e':
		return true, nil
	case 'f':
		return mode.IsRegular(), nil
	case 'd':
		return mode.IsDir(), nil
	case 's':
		return info.Size() > 0, nil
	case 'O':
		return uid == e.FS.Cred.UID, nil
	case 'G':
		return gid == e.FS.Cred.GID, nil
	case 'b':
		return mode&fs.ModeDevice != 0 && mode&fs.ModeCharDevice == 0, nil
	}
	bit := map[byte]fs.FileMode{'c': fs.ModeCharDevice, 'p': fs.ModeNamedPipe, 'S': fs.ModeSocket,
		'u': fs.ModeSetuid, 'g': fs.ModeSetgid, 'k': fs.ModeSticky}[op]
	return mode&bit != 0, nil
}

package commands

import (
	"strings"
)

// option is one option as it was given; of a long one without a short form, the
// name is the whole word.
type option struct{ name, value string }

// options are a command line's options in their order.
type options []option

func (o options) has(name string) bool {
	for _, x := range o {
		if x.name == name {
			return true
		}
	}
	return false
}

// value returns the last value that an option was given.
func (o options) value(name string) (string, bool) {
	for i := len(o) - 1; i >= 0; i-- {
		if o[i].name == name {
			return o[i].value, true
		}
	}
	return "", false
}

// last returns which of the one-letter options was given last, "" for none.
func (o options) last(names string) string {
	for i := len(o) - 1; i >= 0; i-- {
		if len(o[i].name) == 1 && strings.Contains(names, o[i].name) {
			return o[i].name
		}
	}
	return ""
}

// parse takes options and operands apart as getopt_long(3) does. short is as
// getopt's: a colon after an option that takes a value, a plus sign first to
// stop at the first operand. long are words of "name", "name=" (takes a value)
// or "name=:x" and "name:x" (the same as option x). It complains and returns
// false about what is in neither.
func (p *Process) parse(short string, long ...string) (opts options, operands []string, ok bool) {
	strict := strings.HasPrefix(short, "+")
	short = strings.TrimPrefix(short, "+")
	args := p.Args[1:]
	for len(args) > 0 {
		arg := args[0]
		args = args[1:]
		switch {
		case arg == "--":
			return opts, append(operands, args...), true
		case strings.HasPrefix(arg, "--"):
			opt, rest, ok := p.longOption(arg[2:], args, long)
			if !ok {
				return nil, nil, false
			}
			opts, args = append(opts, opt), rest
		case len(arg) > 1 && arg[0] == '-':
			given, rest, ok := p.shortOptions(arg[1:], args, short)
			if !ok {
				return nil, nil, false
			}
			opts, args = append(opts, given...), rest
		case strict:
			return opts, append([]string{arg}, args...), true
		default:
			operands = append(operands, arg)
		}
	}
	return opts, operands, true
}

func (p *Process) shortOptions(letters string, args []string, short string) (options, []string, bool) {
	var opts options
	for i := range len(letters) {
		at := strings.IndexByte(short, letters[i])
		if at < 0 || letters[i] == ':' {
			p.complain("invalid option -- '%c'", letters[i])
			return nil, nil, false
		}
		opt := option{name: letters[i : i+1]}
		if at+1 == len(short) || short[at+1] != ':' {
			opts = append(opts, opt)
			continue
		}
		if opt.value = letters[i+1:]; opt.value == "" {
			if len(args) == 0 {
				p.complain("option requires an argument -- '%c'", letters[i])
				return nil, nil, false
			}
			opt.value, args = args[0], args[1:]
		}
		return append(opts, opt), args, true
	}
	return opts, args, true
}

func (p *Process) longOption(word string, args []string, long []string) (option, []string, bool) {
	name, value, hasValue := strings.Cut(word, "=")
	for _, l := range long {
		spec, alias, aliased := strings.Cut(l, ":")
		known, takes := strings.CutSuffix(spec, "=")
		if known != name {
			continue
		}
		if takes && !hasValue && len(args) > 0 {
			value, args, hasValue = args[0], args[1:], true
		}
		if takes != hasValue {
			break
		}
		if !aliased {
			alias = name
		}
		return option{name: alias, value: value}, args, true
	}
	p.complain("unrecognized option '--%s'", word)
	return option{}, nil, false
}

package commands

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

func id(p *Process) int {
	opts, operands, ok := p.parse("ugGnr", "user:u", "group:g", "groups:G", "name:n", "real:r")
	if !ok {
		return 1
	}
	accounts := p.System.Accounts
	cred := p.FS.Cred
	if len(operands) > 0 {
		u, found := accounts.Named(operands[0])
		if !found {
			return p.complain("%s: no such user", quoted(operands[0]))
		}
		cred = accounts.Cred(u)
	}
	groups := []int{cred.GID}
	slices.Sort(cred.Groups)
	for _, g := range cred.Groups {
		if g != cred.GID {
			groups = append(groups, g)
		}
	}
	name := func(number int, named func(int) string) string {
		if opts.has("n") {
			return named(number)
		}
		return strconv.Itoa(number)
	}
	switch opts.last("ugG") {
	case "u":
		return p.print(name(cred.UID, accounts.UserName) + "\n")
	case "g":
		return p.print(name(cred.GID, accounts.GroupName) + "\n")
	case "G":
		var all []string
		for _, g := range groups {
			all = append(all, name(g, accounts.GroupName))
		}
		return p.print(strings.Join(all, " ") + "\n")
	}
	both := func(number int, named func(int) string) string {
		return strconv.Itoa(number) + "(" + named(number) + ")"
	}
	var all []string
	for _, g := range groups {
		all = append(all, both(g, accounts.GroupName))
	}
	return p.print("uid=" + both(cred.UID, accounts.UserName) + " gid=" + both(cred.GID, accounts.GroupName) +
		" groups=" + strings.Join(all, ",") + "\n")
}

func whoami(p *Process) int {
	return p.print(p.System.Accounts.UserName(p.FS.Cred.UID) + "\n")
}

func hostname(p *Process) int {
	opts, operands, ok := p.parse("sfI")
	switch {
	case !ok:
		return 1
	case len(operands) > 0:
		return p.complain("you must be root to change the host name")
	}
	name := p.System.Hostname
	if opts.has("s") {
		name, _, _ = strings.Cut(name, ".")
	}
	return p.print(name + "\n")
}

func uname(p *Process) int {
	opts, _, ok := p.parse("asnrvmpio", "all:a", "kernel-name:s", "nodename:n", "machine:m", "operating-system:o")
	if !ok {
		return 1
	}
	fields := []struct{ flag, value string }{
		{"s", "Linux"}, {"n", p.System.Hostname}, {"r", "3.13.0-57-generic"},
		{"v", "#95-Ubuntu SMP Fri Jun 19 09:28:15 UTC 2015"}, {"m", "x86_64"}, {"o", "GNU/Linux"},
	}
	var out []string
	for _, f := range fields {
		if opts.has("a") || opts.has(f.flag) || len(opts) == 0 && f.flag == "s" {
			out = append(out, f.value)
		}
	}
	if opts.has("p") || opts.has("i") {
		out = append(out, "x86_64")
	}
	return p.print(strings.Join(out, " ") + "\n")
}

func sleep(p *Process) int {
	total := time.Duration(0)
	for _, arg := range p.Args[1:] {
		unit := time.Second
		if n := len(arg); n > 0 {
			if u, ok := map[byte]time.Duration{'s': time.Second, 'm': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour}[arg[n-1]]; ok {
				unit, arg = u, arg[:n-1]
			}
		}
		n, err := strconv.ParseFloat(arg, 64)
		if err != nil || n < 0 {
			return p.complain("invalid time interval %s", quoted(arg))
		}
		total += time.Duration(n * float64(unit))
	}
	if len(p.Args) < 2 {
		return p.complain("missing operand")
	}
	if p.System.Clock.Sleep(p.Ctx, total) != nil {
		return 129
	}
	return 0
}

func date(p *Process) int {
	opts, operands, ok := p.parse("ud:r:R", "utc:u", "date=:d", "reference=:r", "rfc-email:R")
	if !ok {
		return 1
	}
	t := p.System.Clock.Now()
	if text, given := opts.value("d"); given {
		if t, ok = parseDate(text); !ok {
			return p.complain("invalid date %s", quoted(text))
		}
	}
	if file, given := opts.value("r"); given {
		info, err := p.FS.Stat(file)
		if err != nil {
			return p.fault(file, err)
		}
		t = info.ModTime()
	}
	format := "+%a %b %e %H:%M:%S UTC %Y"
	if opts.has("R") {
		format = "+%a, %d %b %Y %H:%M:%S +0000"
	}
	if len(operands) > 0 {
		format = operands[0]
	}
	if !strings.HasPrefix(format, "+") {
		return p.complain("invalid date %s", quoted(format))
	}
	return p.print(strftime(format[1:], t.UTC()) + "\n")
}

func strftime(format string, t time.Time) string {
	layouts := map[byte]string{'Y': "2006", 'm': "01", 'd': "02", 'H': "15", 'M': "04", 'S': "05", 'a': "Mon",
		'b': "Jan", 'e': "_2", 'F': "2006-01-02", 'T': "15:04:05", 'y': "06", 'A': "Monday", 'B': "January",
		'I': "03", 'p': "PM", 'j': "002", 'z': "-0700", 'Z': "UTC", 'D': "01/02/06", 'R': "15:04", 'h': "Jan", 'N': "000000000"}
	var out strings.Builder
	for i := 0; i < len(format); i++ {
		if format[i] != '%' || i+1 == len(format) {
			out.WriteByte(format[i])
			continue
		}
		i++
		switch layout, ok := layouts[format[i]]; {
		case format[i] == 'N':
			out.WriteString(t.Format(".000000000")[1:])
		case ok:
			out.WriteString(t.Format(layout))
		case format[i] == 's':
			out.WriteString(strconv.FormatInt(t.Unix(), 10))
		case format[i] == 'n':
			out.WriteByte('\n')
		case format[i] == '%':
			out.WriteByte('%')
		default:
			out.WriteString("%" + format[i:i+1])
		}
	}
	return out.String()
}

// parseDate reads the forms of date that scripts write.
func parseDate(text string) (time.Time, bool) {
	if seconds, ok := strings.CutPrefix(text, "@"); ok {
		n, err := strconv.ParseInt(seconds, 10, 64)
		return time.Unix(n, 0), err == nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02 15:04:05", "2006-01-02T15:04:05", "2006-01-02 15:04", "2006-01-02", time.RFC1123Z, time.RFC1123} {
		if t, err := time.ParseInLocation(layout, text, time.UTC); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

package schedule

import (
	"fmt"
	"strings"
)

// Cron returns a file for /etc/cron.d.
func Cron(j Job) (File, error) {
	if err := j.check(); err != nil {
		return File{}, err
	}
	when := "17 * * * *"
	if j.Every == Day {
		when = "17 3 * * *"
	}
	return File{cronFile, fmt.Sprintf(`# %s, owned by root, mode 0644.
# In a user's own crontab (crontab -e) leave out %s before the command.
# It prints only what went wrong, which cron sends by mail.
# Secrets are read from %s, as
# NAME='value', mode 0600: %s
SHELL=/bin/sh
%s %s %s
`, cronFile, j.User, j.Environment, strings.Join(append([]string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}, j.Secrets...), ", "),
		when, j.User, j.cronCommand())}, nil
}

// cronCommand is for /bin/sh, and on one line: cron makes line ends of % signs.
func (j Job) cronCommand() string {
	args := j.arguments("--quiet", "--random-delay", j.delay().String())
	for i, a := range args {
		args[i] = shellQuoted(a)
	}
	environment := shellQuoted(j.Environment)
	line := fmt.Sprintf("set -a; [ ! -r %s ] || . %s; set +a; exec %s", environment, environment, strings.Join(args, " "))
	return strings.ReplaceAll(line, "%", `\%`)
}

// shellQuoted writes a word as a POSIX shell reads it.
func shellQuoted(s string) string {
	plain := func(r rune) bool {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("/._-:=,@+", r)
	}
	if s != "" && strings.Trim(s, "/") != "" && strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

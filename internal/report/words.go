package report

import (
	"fmt"
	"html/template"
	"strings"
	"time"
)

func functions() template.FuncMap {
	return template.FuncMap{
		"clock": clock, "length": length, "utc": utc, "machine": machine, "join": strings.Join,
		"stepClass": stepClass, "dash": dash, "day": day, "count": count,
		"millis": func(ms int64) string { return length(time.Duration(ms) * time.Millisecond) },
	}
}

// clock writes a time since the run's begin as minutes and seconds.
func clock(d time.Duration) string {
	tenths := d.Round(100*time.Millisecond).Milliseconds() / 100
	h, m, s := tenths/36000, tenths/600%60, tenths%600
	if h > 0 {
		return fmt.Sprintf("%d:%02d:%02d", h, m, s/10)
	}
	return fmt.Sprintf("%d:%02d.%d", m, s/10, s%10)
}

// length writes a duration with its units.
func length(d time.Duration) string {
	switch {
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < time.Minute:
		return fmt.Sprintf("%.2f s", d.Seconds())
	case d < time.Hour:
		return fmt.Sprintf("%d min %02d s", int(d.Minutes()), int(d.Seconds())%60)
	}
	return fmt.Sprintf("%d h %02d min", int(d.Hours()), int(d.Minutes())%60)
}

func utc(t time.Time) string     { return t.UTC().Format("2006-01-02 15:04:05 UTC") }
func day(t time.Time) string     { return t.UTC().Format("2006-01-02") }
func machine(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func dash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}

// count writes a number and what there are so many of.
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// stepClass is the class of a step's bar. A step that has no colour of its own
// has that of the others.
func stepClass(step string) string {
	switch step {
	case "launch", "connect", "patch", "stop", "bake", "prove", "list", "install", "command", "check", "clean":
		return "s-" + step
	}
	return "s-other"
}

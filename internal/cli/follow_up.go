package cli

import (
	"regexp"
	"strings"

	"github.com/amirotate/amirotate/internal/config"
	"github.com/amirotate/amirotate/internal/rotate"
	"github.com/amirotate/amirotate/internal/ui"
)

// followUps are the commands that come after a rotation. They find the same farm:
// by its configuration, and by the flags that the rotation was started with. What
// static hosts hold nobody knows who doesn't ask them.
func (g *globals) followUps(plan *rotate.Plan, f config.Flags, page string) ui.FollowUps {
	next := ui.FollowUps{Page: page}
	next.Status = g.commandLine("status", append(farmWords(f), certificateWords(f), probeWords(plan, f))...)
	next.Rollback = g.commandLine("rollback", farmWords(f)...)
	if page == "" {
		next.Report = g.commandLine("report", words("--log-dir", f.LogDir), words("--out", "report.html"))
	}
	return next
}

func farmWords(f config.Flags) []string {
	return []string{words("--slave-list", f.SlaveList), words("--region", f.Region)}
}

func probeWords(plan *rotate.Plan, f config.Flags) string {
	if len(plan.Static) == 0 {
		return ""
	}
	return " --probe" + accessWords(f)
}

func accessWords(f config.Flags) string {
	return words("--bastion", f.Bastion) + words("--known-hosts", f.KnownHosts) + words("--identity-file", f.IdentityFiles...) +
		words("--ssh-user", f.SSHUser) + words("--linux-path", f.LinuxPaths...) +
		words("--windows-user", f.WindowsUser) + words("--windows-path", f.WindowsPaths...)
}

// rotationWords are all flags of plan and rotate that were given.
func rotationWords(f config.Flags) string {
	return strings.Join(farmWords(f), "") + certificateWords(f) + words("--new-key", f.Key) +
		words("--security-group", f.SecurityGroups...) + words("--like-instance", f.LikeInstance) + words("--subnet", f.Subnet) +
		words("--key-pair", f.KeyPair) + accessWords(f)
}

// certificateWords say which certificates these are, and how they follow each other.
func certificateWords(f config.Flags) string {
	return words("--old-cert", f.OldCert...) + words("--new-cert", f.NewCert) + words("--strategy", f.Strategy) +
		words("--endpoint", f.Endpoint) + through(f)
}

func through(f config.Flags) string {
	if f.ThroughBastion {
		return " --through-bastion"
	}
	return ""
}

// commandLine is one of ours, with the configuration of this one.
func (g *globals) commandLine(command string, rest ...string) string {
	return "amirotate " + command + words("--config", g.config) + strings.Join(rest, "")
}

// words are a flag and its value, for each value that is not empty.
func words(flag string, values ...string) string {
	var b strings.Builder
	for _, v := range values {
		if v != "" {
			b.WriteString(" " + flag + " " + word(v))
		}
	}
	return b.String()
}

var plainWord = regexp.MustCompile(`^[A-Za-z0-9/._:=,@+-]+$`)

// word is quoted where a shell needs it; "~/" before it means the home folder.
func word(s string) string {
	below, home := strings.CutPrefix(s, "~/")
	switch {
	case plainWord.MatchString(s), home && plainWord.MatchString(below):
		return s
	case home:
		return "~/" + quote(below)
	}
	return quote(s)
}

// quote makes a word of any text for a POSIX shell, csh and fish.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

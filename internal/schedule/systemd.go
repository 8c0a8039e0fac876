package schedule

import (
	"fmt"
	"strconv"
	"strings"
)

// Systemd returns a service and its timer.
func Systemd(j Job) ([]File, error) {
	if err := j.check(); err != nil {
		return nil, err
	}
	if strings.ContainsAny(j.Program, `"'\`) {
		return nil, fmt.Errorf("cannot have systemd start %s: it takes no quotes and backslashes in a program's path", j.Program)
	}
	path := unitFolder + "/" + unitName
	return []File{
		{path + ".service", j.service()},
		{path + ".timer", j.timer()},
	}, nil
}

// SystemdSteps are what to do once the files are where they belong, as root.
const SystemdSteps = `systemctl daemon-reload
systemctl enable --now ` + unitName + `.timer
systemctl start ` + unitName + `.service   # to try it now; journalctl -u ` + unitName + `
`

func (j Job) service() string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("# %s/%s.service", unitFolder, unitName)
	line("# The timer goes beside it. Then, as root:\n#   %s", strings.ReplaceAll(strings.TrimSpace(SystemdSteps), "\n", "\n#   "))
	line("[Unit]\nDescription=Keep the certificate and the images of a Buildbot farm fresh")
	line("Wants=network-online.target\nAfter=network-online.target\n")
	line("[Service]\nType=oneshot\nUser=%s", specifiers(j.User))
	line("ExecStart=%s", j.execStart())
	line("# Every wait has a limit of its own (waits in the configuration). Stopped, it ends\n# what it has launched, and that takes a while; the next start goes on.")
	line("TimeoutStartSec=infinity\nTimeoutStopSec=20min\nKillMode=mixed\n")
	b.WriteString(j.secrets())
	b.WriteString(j.hardening())
	return b.String()
}

func (j Job) execStart() string {
	args := j.arguments("--random-delay", "0") // the timer has its own
	for i, a := range args {
		if i > 0 { // variables are not looked for in the program's path
			a = strings.ReplaceAll(a, "$", "$$")
		}
		args[i] = quoted(a)
	}
	return strings.Join(args, " ")
}

// secrets says where secrets are found, which no unit may hold.
func (j Job) secrets() string {
	names := append([]string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}, j.Secrets...)
	return fmt.Sprintf(`# Secrets as NAME=value, mode 0600, where there is no instance role:
# %s
EnvironmentFile=-%s
# Or a password as a credential of systemd, named in the configuration as
# password: {file: /run/credentials/%s.service/winrm}
#LoadCredential=winrm:/etc/amirotate/winrm-password

`, strings.Join(names, ", "), specifiers(j.Environment), unitName)
}

func (j Job) hardening() string {
	var b strings.Builder
	b.WriteString("# Event logs are kept in /var/lib/amirotate/runs.\nStateDirectory=amirotate\nStateDirectoryMode=0700\n\n")
	if j.Commands || j.Master {
		b.WriteString("# Commands of the configuration that run on this machine are confined as well:\n# add what they write to ReadWritePaths, and loosen what else they need.\n")
	}
	b.WriteString("ProtectSystem=strict\nProtectHome=read-only\n")
	for _, folder := range j.folders() {
		fmt.Fprintf(&b, "ReadWritePaths=%s\n", quoted("-"+folder)) // -: it need not be there
	}
	b.WriteString(`PrivateTmp=yes
PrivateDevices=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
LockPersonality=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM
`)
	b.WriteString(j.privileges())
	return b.String()
}

// privileges leaves those alone that restarting a buildmaster here may take.
func (j Job) privileges() string {
	switch {
	case j.Master:
		return ""
	case j.User == "root": // it reads and replaces files of others, and leaves them theirs
		return "NoNewPrivileges=yes\nCapabilityBoundingSet=CAP_CHOWN CAP_DAC_OVERRIDE CAP_FOWNER\n"
	}
	return "NoNewPrivileges=yes\nCapabilityBoundingSet=\n"
}

func (j Job) timer() string {
	calendar := "hourly"
	if j.Every == Day {
		calendar = "daily"
	}
	return fmt.Sprintf(`# %s/%s.timer
[Unit]
Description=Start amirotate refresh %s

[Timer]
OnCalendar=%s
RandomizedDelaySec=%d
# A start that was missed, with the machine switched off, is made up for.
Persistent=true

[Install]
WantedBy=timers.target
`, unitFolder, unitName, calendar, calendar, int(j.delay().Seconds()))
}

// specifiers keeps % signs from being taken for specifiers (systemd.unit(5)).
func specifiers(s string) string { return strings.ReplaceAll(s, "%", "%%") }

// quoted writes a word as systemd reads it (systemd.syntax(7)).
func quoted(s string) string {
	s = specifiers(s)
	if s != "" && !strings.ContainsAny(s, " \t\"'\\;") {
		return s
	}
	return strconv.Quote(s)
}

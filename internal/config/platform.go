package config

import (
	"fmt"
	"slices"
	"time"
)

// Values of settings that have few.
const (
	TransportSSH   = "ssh"
	TransportWinRM = "winrm"

	HostKeyConsole    = "console"
	HostKeyKnownHosts = "known_hosts"
	HostKeyAcceptNew  = "accept-new"

	AlgorithmsDefault = "default"
	AlgorithmsLegacy  = "legacy"

	AuthBasic = "basic"
	AuthNTLM  = "ntlm"
)

const (
	linux   = "linux" // as in package cloud
	windows = "windows"

	portSSH   = 22
	portWinRM = 5986

	defaultWindowsUser    = "Administrator"
	builderCommandTimeout = 10 * time.Minute

	defaultPasswordEnv = "AMIROTATE_WINRM_PASSWORD"
)

// For returns what holds for an image: the settings of its platform (linux or
// windows), the overrides of its workers, the flags, and the defaults of all
// that is left. Each file has its old and new certificate. InstanceType is ""
// where the list decides.
func (c *Config) For(platform string, workers []string) (Platform, error) {
	p := c.Platforms.Linux
	switch platform {
	case linux:
	case windows:
		p = c.Platforms.Windows
	default:
		return Platform{}, fmt.Errorf("cannot configure an image of platform %q: only linux and windows are known", platform)
	}
	p.InstanceType = c.Launch.InstanceType
	if err := c.overrideFor(&p, workers); err != nil {
		return Platform{}, err
	}
	c.flags.applyTo(platform, &p)
	p.fillIn(platform, c.home)
	p.Files = c.filesOf(p)
	return p, c.checkPlatform(platform, p)
}

// filesOf gives each file the certificates that it doesn't name itself.
func (c *Config) filesOf(p Platform) []File {
	files := slices.Clone(p.Files)
	for i := range files {
		f := &files[i]
		if f.Old == nil {
			f.Old = slices.Clone(c.Certificate.Old)
		}
		if f.New == "" {
			f.New = c.Certificate.New
		}
	}
	return files
}

// fillIn sets the defaults.
func (p *Platform) fillIn(platform, home string) {
	isWindows := platform == windows
	fill(&p.Transport, TransportSSH, !isWindows)
	fill(&p.Transport, TransportWinRM, isWindows)
	fill(&p.User, defaultWindowsUser, isWindows)
	fill(&p.HostKey, HostKeyConsole, true)
	fill(&p.SSHAlgorithms, AlgorithmsDefault, true)
	fill(&p.Auth, AuthNTLM, true)
	fill(&p.KnownHosts, dirs{home: home}.resolve("path", "~/.ssh/known_hosts"), home != "")
	p.Commands = slices.Clone(p.Commands)
	for i := range p.Commands {
		fill(&p.Commands[i].Timeout, builderCommandTimeout, true)
	}
	isWinRM := p.Transport == TransportWinRM
	fill(&p.Port, portSSH, !isWinRM)
	fill(&p.Port, portWinRM, isWinRM)
	if isWinRM && p.Password.IsZero() {
		p.Password = Secret{Env: defaultPasswordEnv}
	}
}

// fill gives a setting that has none a value if it applies.
func fill[T comparable](setting *T, value T, applies bool) {
	var zero T
	if applies && *setting == zero {
		*setting = value
	}
}

// checkPlatform looks at what overrides and flags may have put together.
func (c *Config) checkPlatform(platform string, p Platform) error {
	var wrong problems
	if platform == linux && p.Transport == TransportWinRM {
		wrong.add(Problem{File: c.file, Key: "platforms.linux.transport",
			Message: "transport winrm is for Windows", Hint: "set transport: ssh"})
	}
	if p.User == "" && len(p.Files) > 0 {
		wrong.add(Problem{File: c.file, Key: "platforms.linux.user",
			Message: "no user for Linux hosts is given", Hint: "set platforms.linux.user, or use --ssh-user"})
	}
	need := func(key, path string) {
		if path != "" && !isAbsOn(platform, path) {
			wrong.add(Problem{File: c.file, Key: "platforms." + platform + "." + key,
				Message: fmt.Sprintf("%q is not an absolute path on %s", path, platform), Hint: absHint(platform)})
		}
	}
	for _, f := range p.Files {
		need("files", f.Path)
	}
	need("stunnel_conf", p.StunnelConf)
	need("stunnel_dir", p.StunnelDir)
	for _, folder := range p.FoldersToLookIn(platform) {
		need("look_in", folder)
	}
	return wrong.err()
}

func absHint(platform string) string {
	if platform == windows {
		return `begin it with a drive, as in C:\…, or with \\server\share`
	}
	return "begin it with /"
}

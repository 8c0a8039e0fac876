package config

import (
	"fmt"
	"slices"
)

// LookNowhere turns the search for look-alikes off where it stands alone in
// look_in.
const LookNowhere = "none"

// defaultLookIn is where a bot's certificate lies about.
func defaultLookIn(isWindows bool) []string {
	if isWindows {
		return []string{`C:\bot`, `C:\buildbot`, `C:\buildslave`, `C:\stunnel`, `C:\Program Files\stunnel`, `C:\Program Files (x86)\stunnel`}
	}
	return []string{"/etc/stunnel", "/etc/ssl", "/usr/local/etc", "/opt", "/root", "/home/*", "/Users/*"}
}

// FoldersToLookIn are those of look_in on hosts of a platform, or its default;
// none if it is turned off.
func (p Platform) FoldersToLookIn(platform string) []string {
	if p.LookIn == nil {
		return defaultLookIn(platform == windows)
	}
	if slices.Equal(p.LookIn, []string{LookNowhere}) {
		return nil
	}
	return p.LookIn
}

// checkStunnel looks at paths of hosts; those of an override are of no platform.
func (d *decoder) checkStunnel(key, platform string, p *Platform) {
	d.checkHostPath(key+".stunnel_conf", platform, p.StunnelConf)
	d.checkHostPath(key+".stunnel_dir", platform, p.StunnelDir)
	for i, folder := range p.LookIn {
		if folder == LookNowhere && len(p.LookIn) == 1 {
			continue
		}
		at := fmt.Sprintf("%s.look_in[%d]", key, i)
		if d.lines[at].line == 0 {
			at = key + ".look_in"
		}
		d.checkHostPath(at, platform, folder)
	}
}

func (d *decoder) checkHostPath(key, platform, path string) {
	switch {
	case path == "":
	case platform != "" && !isAbsOn(platform, path):
		d.refuse(key, fmt.Sprintf("%q is not an absolute path on %s", path, platform), absHint(platform))
	case !isAbsOn(linux, path) && !isAbsOn(windows, path):
		d.refuse(key, fmt.Sprintf("%q is not an absolute path", path), absHint(linux)+"; on Windows "+absHint(windows))
	}
}

package config

import (
	"encoding/hex"
	"fmt"
	"net/url"
	"path"
	"strings"
)

// check looks at what the types of the settings don't tell.
func (d *decoder) check(c *Config) {
	d.checkList(c.SlaveList)
	d.checkCertificate(&c.Certificate)
	d.checkBastion(&c.Bastion)
	d.checkRefresh(c)
	d.checkPrices(c.Prices)
	d.checkMaster(&c.Master)
	d.checkRegions(c)
	d.checkPlatform("platforms.linux", linux, &c.Platforms.Linux)
	d.checkPlatform("platforms.windows", windows, &c.Platforms.Windows)
	for i := range c.Overrides {
		d.checkOverride(fmt.Sprintf("overrides[%d]", i), &c.Overrides[i])
	}
	for i := range c.Static {
		d.checkStatic(fmt.Sprintf("static[%d]", i), &c.Static[i])
	}
}

// refuse adds a problem with the value of a key.
func (d *decoder) refuse(key, message, hint string) {
	d.wrongAt(key, d.lines[key], message, hint)
}

// missing adds a problem with what isn't there, unless something else is wrong
// with it or with the mapping that should have it.
func (d *decoder) missing(mapping, key, message, hint string) {
	if d.lines[mapping+"."+key].line == 0 && !d.isWrong(mapping) && !d.isWrong(mapping+"."+key) {
		d.refuse(mapping, message, hint)
	}
}

func (d *decoder) checkList(list string) {
	if !strings.Contains(list, "://") {
		return
	}
	u, err := url.Parse(list)
	if err != nil || u.Scheme != "ssh" || u.Hostname() == "" || u.Path == "" {
		d.refuse("slave_list", "slave_list is neither a path nor a URL that is understood", "write ssh://user@host/path")
		return
	}
	if _, secret := u.User.Password(); secret {
		q := d.problem("slave_list", d.lines["slave_list"], "slave_list must not hold a password", "use an SSH key: ssh://user@host/path")
		q.Excerpt = ""
		d.problems.add(q)
	}
}

func (d *decoder) checkBastion(b *Bastion) {
	if b.Address == "" {
		return
	}
	address, err := hostPort(b.Address)
	if err != nil {
		d.refuse("bastion.address", fmt.Sprintf("bastion.address can't be %.80q: %v", b.Address, err),
			"write host, host:port or [IPv6 address]:port; the user has a key of its own")
		return
	}
	b.Address = address
}

// checkPlatform looks at a platform's settings; those of an override are of no
// platform.
func (d *decoder) checkPlatform(key, platform string, p *Platform) {
	if platform == linux && p.Transport == TransportWinRM {
		d.refuse(key+".transport", "transport winrm is for Windows", "set transport: ssh")
	}
	d.checkFingerprint(key+".fingerprint", &p.Fingerprint)
	d.checkCommands(key+".commands", p.Commands)
	d.checkStunnel(key, platform, p)
	seen := map[string]bool{}
	for i, f := range p.Files {
		at := fmt.Sprintf("%s.files[%d]", key, i)
		switch {
		case f.Path == "":
			d.missing(at, "path", at+" has no path", "give it one: - path: …")
		case seen[f.Path]:
			d.refuse(at+".path", fmt.Sprintf("%q is listed twice", f.Path), "leave one of them")
		case platform != "" && !isAbsOn(platform, f.Path):
			d.refuse(at+".path", fmt.Sprintf("%q is not an absolute path on %s", f.Path, platform), absHint(platform))
		case platform == "" && !isAbsOn(linux, f.Path) && !isAbsOn(windows, f.Path):
			d.refuse(at+".path", fmt.Sprintf("%q is not an absolute path", f.Path), absHint(linux)+"; on Windows "+absHint(windows))
		}
		seen[f.Path] = true
	}
}

// checkFingerprint brings a fingerprint into plain lower-case hex.
func (d *decoder) checkFingerprint(key string, fingerprint *string) {
	if *fingerprint == "" {
		return
	}
	const sha256Size = 32
	digits := strings.ToLower(strings.ReplaceAll(*fingerprint, ":", ""))
	if b, err := hex.DecodeString(digits); err != nil || len(b) != sha256Size {
		d.refuse(key, fmt.Sprintf("%s is not a SHA-256 in hex", key),
			"take it from: openssl x509 -in CERT -noout -fingerprint -sha256 (64 digits; Windows shows the shorter SHA-1)")
		return
	}
	*fingerprint = digits
}

func (d *decoder) checkOverride(key string, o *Override) {
	d.checkWorkers(key, o.Workers, `give it some: workers: ["linux-snap*"]`)
	d.checkPlatform(key, "", &o.Platform)
}

// checkWorkers looks at the globs by which an entry names its workers.
func (d *decoder) checkWorkers(key string, globs []string, hint string) {
	if len(globs) == 0 {
		d.missing(key, "workers", key+" names no workers", hint)
	}
	for i, glob := range globs {
		if _, err := path.Match(glob, ""); err != nil {
			at := fmt.Sprintf("%s.workers[%d]", key, i)
			if d.lines[at].line == 0 {
				at = key + ".workers"
			}
			d.refuse(at, fmt.Sprintf("%.80q is not a glob", glob), `close each [ with a ], or write \[ for the character itself`)
		}
	}
}

package config

import (
	"errors"
	"fmt"
)

// checkStatic looks at an entry by itself.
func (d *decoder) checkStatic(key string, s *Static) {
	d.checkWorkers(key, s.Workers, `give it some: workers: ["mac*"]`)
	if s.Address == "" {
		d.missing(key, "address", key+" has no address", "give it one: address: host:22")
	} else if _, port, err := splitAddress(s.Address); err != nil {
		d.refuse(key+".address", fmt.Sprintf("%s.address can't be %.80q: %v", key, s.Address, err),
			"write host, host:port or [IPv6 address]:port; the user has a key of its own")
	} else if port != 0 && s.Port != 0 {
		d.refuse(key+".port", "the port is given twice, here and in the address", "leave one of them")
	}
	if s.HostKey == HostKeyConsole {
		d.refuse(key+".host_key", "a static host has no console to read its host key from", "set known_hosts, or accept-new")
	}
	if s.Password.EC2 != "" {
		d.refuse(key+".password", "EC2 has no password of a static host", "name where it is found: {env: NAME} or {file: PATH}")
	}
	if len(s.Commands) > 0 {
		d.refuse(key+".commands", "commands are run on builders, and a static host has none", "leave them out; its owner updates it")
	}
	d.checkPlatform(key, s.system(), &s.Platform)
}

// checkStaticHost looks at what an entry and its platform have put together.
func (c *Config) checkStaticHost(s *Static, p Platform) error {
	system := s.system()
	switch {
	case len(p.Files) == 0:
		return c.staticProblem(s, "files", "no file to replace is given for the static host "+s.Address,
			fmt.Sprintf("set files there, or in platforms.%s", system))
	case p.User == "":
		return c.staticProblem(s, "user", "no user is given for the static host "+s.Address,
			fmt.Sprintf("set user there, or in platforms.%s", system))
	case p.Transport == TransportWinRM && p.Password.EC2 != "":
		return c.staticProblem(s, "password", fmt.Sprintf("EC2 has no password of the static host %s, and its platform names no other", s.Address),
			"set password there: {env: NAME} or {file: PATH}")
	}
	return c.checkPlatform(system, p)
}

func (c *Config) staticProblem(s *Static, key, message, hint string) error {
	return &Error{[]Problem{{File: c.file, Line: s.line, Column: 1, Key: "static." + key, Message: message, Hint: hint}}}
}

// problemsIn takes an *Error apart.
func problemsIn(err error) []Problem {
	var e *Error
	if errors.As(err, &e) {
		return e.Problems
	}
	return []Problem{{Message: err.Error(), Err: err}}
}

// needsBastion tells whether a static host is reached through it.
func (c *Config) needsBastion() bool {
	for _, s := range c.Static {
		if s.Bastion {
			return true
		}
	}
	return false
}

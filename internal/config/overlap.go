package config

import (
	"fmt"
	"net"
)

// Strategies.
const (
	StrategyCutover = "cutover" // the new certificate in place of the old one, at once
	StrategyOverlap = "overlap" // hosts trust both until the master presents the new one
)

// Overlaps tells whether hosts are to trust old and new for a time.
func (c *Config) Overlaps() bool { return c.Strategy == StrategyOverlap }

// MasterEndpoint is where the master presents its certificate. Its address is ""
// if nobody says.
func (c *Config) MasterEndpoint() Endpoint {
	if c.flags.Endpoint == "" {
		return Endpoint{Address: c.Master.Check.Address, Bastion: c.Master.Check.Bastion}
	}
	return Endpoint{Address: c.flags.Endpoint, Bastion: c.flags.ThroughBastion}
}

// applyOverlap lets the flags of an overlap beat the file.
func (c *Config) applyOverlap(f Flags) error {
	switch f.Strategy {
	case "", StrategyCutover, StrategyOverlap:
		replace(&c.Strategy, f.Strategy)
	default:
		return flagError("strategy", fmt.Sprintf("cannot use --strategy %.40q: there is no such strategy", f.Strategy), "use cutover or overlap")
	}
	if f.Endpoint == "" {
		return nil
	}
	if host, port, err := net.SplitHostPort(f.Endpoint); err != nil || host == "" || port == "" {
		return flagError("endpoint", fmt.Sprintf("cannot read --endpoint %.80q: it is not host:port", f.Endpoint), "name the port too, an IPv6 address in brackets")
	}
	return nil
}

// checkOverlap says what an overlap needs besides.
func (c *Config) checkOverlap(oldKnown bool, need func(has bool, key, message, hint string)) {
	if c.Overlaps() {
		need((oldKnown || c.Certificate.Old != nil) && c.Certificate.New != "", "strategy", "an overlap is of certificate.old and certificate.new, and one of them is not given",
			"set both, or use strategy: cutover")
	}
}

package config

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Periods of refresh.epoch.
const (
	EpochNone    = "none"
	EpochWeek    = "week"
	EpochMonth   = "month"
	EpochQuarter = "quarter"
)

// StorePrefix begins the location of something that certificate.store keeps;
// the item's name follows, as in store://cert.
const StorePrefix = "store://"

// Refresh says how refresh works on its schedule.
type Refresh struct {
	Epoch       string        `yaml:"epoch" oneof:"none week month quarter" default:"none" doc:"How often every image is made anew although the certificate is the same: with each calendar week, month or quarter, in UTC."`
	RandomDelay time.Duration `yaml:"random_delay" flag:"random-delay" default:"none" doc:"refresh begins after a random time of up to this much, so that many machines don't begin at once."`
	Lock        string        `yaml:"lock" kind:"path" default:"the slave list with .refresh.lock added; for a list elsewhere, the configuration file with .lock added" doc:"File that is locked while refresh works, so that no two of this machine do."`
}

// Notify says who is told how rotate and refresh ended.
type Notify struct {
	OnSuccess []Command `yaml:"on_success" doc:"Run by /bin/sh when something was replaced and nothing failed; the summary comes as JSON on standard input, and in variables AMIROTATE_…. The timeout is 1m unless given."`
	OnFailure []Command `yaml:"on_failure" doc:"The same, when something failed."`
}

// Command is a command to run.
type Command struct {
	Run     string        `yaml:"run" doc:"The command, for the shell; for PowerShell on Windows."`
	Timeout time.Duration `yaml:"timeout" doc:"How long it may take."`
}

// RunsCommands tells whether refresh runs commands on any builder.
func (c *Config) RunsCommands() bool {
	platforms := []Platform{c.Platforms.Linux, c.Platforms.Windows}
	for _, o := range c.Overrides {
		platforms = append(platforms, o.Platform)
	}
	return slices.ContainsFunc(platforms, func(p Platform) bool { return len(p.Commands) > 0 })
}

// checkCommands refuses commands that are none.
func (d *decoder) checkCommands(key string, commands []Command) {
	for i, c := range commands {
		if at := fmt.Sprintf("%s[%d]", key, i); c.Run == "" {
			d.missing(at, "run", at+" says not what to run", `give it a command: - run: "…"`)
		}
	}
}

func (d *decoder) checkRefresh(c *Config) {
	d.checkCommands("notify.on_success", c.Notify.OnSuccess)
	d.checkCommands("notify.on_failure", c.Notify.OnFailure)
	if c.Certificate.Store == (Store{}) {
		d.checkNotStored("certificate.new", c.Certificate.New)
		d.checkFilesNotStored("platforms.linux.files", c.Platforms.Linux.Files)
		d.checkFilesNotStored("platforms.windows.files", c.Platforms.Windows.Files)
		for i, o := range c.Overrides {
			d.checkFilesNotStored(fmt.Sprintf("overrides[%d].files", i), o.Files)
		}
	}
}

func (d *decoder) checkFilesNotStored(key string, files []File) {
	for i, f := range files {
		d.checkNotStored(fmt.Sprintf("%s[%d].new", key, i), f.New)
	}
}

// checkNotStored refuses what is to come from a store where there is none.
func (d *decoder) checkNotStored(key, location string) {
	if strings.HasPrefix(location, StorePrefix) {
		d.refuse(key, fmt.Sprintf("%.80q is kept nowhere: there is no certificate.store", location), "set certificate.store, or name a file")
	}
}

// keepInStore lets what is kept in a store be what hosts are to hold, unless the
// configuration names something else.
func (c *Config) keepInStore() {
	kept := c.Certificate.Store
	if c.Certificate.New == "" && c.Certificate.Kind != KindSet && (kept.Folder != "" || kept.SSM != "") {
		c.Certificate.New = StorePrefix + "cert"
	}
}

// Kept tells whether the configuration names a place where a certificate and
// its key are kept.
func (c *Config) Kept() bool {
	s := c.Certificate.Store
	return s.Folder != "" || s.SSM != "" || c.Certificate.New != "" && c.Certificate.Key != ""
}

// RefreshLock returns the path of the lock that refresh takes. configFile is the
// configuration's, or where it would be.
func (c *Config) RefreshLock(configFile string) string {
	switch {
	case c.Refresh.Lock != "":
		return c.Refresh.Lock
	case c.SlaveList == "" || strings.Contains(c.SlaveList, "://"):
		return configFile + ".lock"
	}
	return filepath.Clean(c.SlaveList) + ".refresh.lock"
}

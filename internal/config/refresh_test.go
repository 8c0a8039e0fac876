package config_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/amirotate/amirotate/internal/config"
)

func TestRefreshSettings(t *testing.T) {
	c := parse(t, `
slave_list: l.txt
certificate: {store: {ssm: "/farm/{item}"}}
platforms:
  linux:
    user: u
    commands:
      - run: apt-get -y upgrade
        timeout: 30m
  windows:
overrides:
  - workers: w
    commands: [{run: yum -y update}]
refresh: {epoch: month, random_delay: 20m}
notify:
  on_success: [{run: mail -s done ops}]
  on_failure:
`)
	if want := (config.Refresh{Epoch: "month", RandomDelay: 20 * time.Minute}); c.Refresh != want {
		t.Errorf("refresh is %+v", c.Refresh)
	}
	if want := []config.Command{{Run: "mail -s done ops"}}; !cmp.Equal(c.Notify.OnSuccess, want) || c.Notify.OnFailure != nil {
		t.Errorf("notify is %+v", c.Notify)
	}
	if c.Certificate.New != "store://cert" || !c.Kept() {
		t.Errorf("the new certificate is %q", c.Certificate.New)
	}
	for worker, want := range map[string]config.Command{
		"v": {Run: "apt-get -y upgrade", Timeout: 30 * time.Minute},
		"w": {Run: "yum -y update", Timeout: 10 * time.Minute},
	} {
		if p, err := c.For("linux", []string{worker}); err != nil || !cmp.Equal(p.Commands, []config.Command{want}) {
			t.Errorf("%s: %v, %v", worker, p.Commands, err)
		}
	}
	if !c.RunsCommands() || parse(t, "slave_list: l").RunsCommands() {
		t.Error("it is not told whether commands are run")
	}
}

func TestRefreshSettingsThatAreWrong(t *testing.T) {
	for text, want := range map[string]string{
		"refresh: {epoch: monthly}":                                                 "1:18: refresh.epoch can't be \"monthly\"",
		"refresh: {random_delay: soon}":                                             "refresh.random_delay can't be",
		"refresh: {random_delay: -1m}":                                              "refresh.random_delay can't be",
		"notify: {on_success: [{timeout: 1m}]}":                                     "notify.on_success[0] says not what to run",
		"notify: {on_failure: mail}":                                                "notify.on_failure must be a list",
		"platforms: {linux: {commands: [{run: x, time: 1m}]}}":                      "unknown key \"time\" in platforms.linux.commands[0]",
		"platforms: {windows: {commands: [{timeout: 1m}]}}":                         "platforms.windows.commands[0] says not",
		"overrides: [{workers: a, commands: [{timeout: 2h}]}]":                      "overrides[0].commands[0] says not",
		"static: [{workers: m, address: m, platform: linux, commands: [{run: x}]}]": "a static host has none",
		"certificate: {new: 'store://cert'}":                                        "kept nowhere",
		"platforms: {linux: {files: [{path: /x, new: 'store://key'}]}}":             "kept nowhere",
		"overrides: [{workers: a, files: [{path: /x, new: 'store://key'}]}]":        "kept nowhere",
	} {
		_, err := config.Parse("amirotate.yaml", []byte(text), getenv)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

func TestRefreshLock(t *testing.T) {
	for text, want := range map[string]string{
		"slave_list: list.txt":           "/conf/list.txt.refresh.lock",
		"slave_list: ssh://u@h/list.txt": "/etc/amirotate.yaml.lock",
		"region: eu-west-1":              "/etc/amirotate.yaml.lock",
		"refresh: {lock: run.lock}":      "/conf/run.lock",
	} {
		if got := parse(t, text).RefreshLock("/etc/amirotate.yaml"); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

// Where the certificate is kept, what hosts hold now is known without
// certificate.old; what is not kept must be named.
func TestValidateRefresh(t *testing.T) {
	const rest = "\nslave_list: l\nlaunch: {security_groups: g}\nplatforms: {windows: {files: [{path: 'C:\\x'}]}}\n"
	for text, fine := range map[string]bool{
		"certificate: {new: n, key: k}":                true,
		"certificate: {store: {ssm: 'a-{item}'}}":      true,
		"certificate: {new: n}":                        false,
		"certificate: {new: n, old: o}":                true,
		"certificate: {kind: set, store: {folder: f}}": false,
	} {
		c := parse(t, text+rest)
		if err := c.ValidateRefresh(); (err == nil) != fine {
			t.Errorf("%s: %v", text, err)
		}
		if strings.Contains(text, "old") {
			continue
		}
		if c.Validate() == nil {
			t.Errorf("%s: plan has no old certificate, and goes on", text)
		}
	}
}

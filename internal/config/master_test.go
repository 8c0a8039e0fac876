package config_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/amirotate/amirotate/internal/config"
)

func TestMaster(t *testing.T) {
	for _, test := range []struct {
		name, text string
		want       config.Master
	}{
		{name: "none", text: "region: us-west-1\n"},
		{name: "local", text: `
master:
  address: local
  certificate: tls/cert.pem
  key: ~/tls/key.pem
  commands: [{run: service stunnel4 restart}, {run: buildbot restart, timeout: 5m}]
  check: {address: "127.0.0.1:9988"}
`, want: config.Master{Address: "local", Certificate: "/conf/tls/cert.pem", Key: "/home/me/tls/key.pem",
			Commands: []config.Command{{Run: "service stunnel4 restart", Timeout: time.Minute}, {Run: "buildbot restart", Timeout: 5 * time.Minute}},
			Check:    config.MasterCheck{Address: "127.0.0.1:9988", Timeout: 30 * time.Second},
			HostKey:  "known_hosts", KnownHosts: "/home/me/.ssh/known_hosts", SSHAlgorithms: "default"}},
		{name: "over SSH, like the bastion, both in one file", text: `
bastion: {address: b, identity_file: id, known_hosts: known}
master: {address: "ssh://root@m:2222", bastion: true, certificate: /etc/pair.pem, key: /etc/pair.pem}
`, want: config.Master{Address: "ssh://root@m:2222", Bastion: true, Certificate: "/etc/pair.pem", Commands: []config.Command{},
			HostKey: "known_hosts", IdentityFiles: []string{"/conf/id"}, KnownHosts: "/conf/known", SSHAlgorithms: "default"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, parse(t, test.text).MasterSettings()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestMasterIsRefused(t *testing.T) {
	const good = "{address: local, certificate: /c.pem}"
	parse(t, "master: "+good)
	for text, want := range map[string]string{
		"{certificate: /c.pem}":                                                                     "master has no address",
		"{address: local}":                                                                          "no certificate to replace",
		"{address: m.example.org, certificate: /c.pem}":                                             "neither local nor a URL",
		"{address: 'ssh://u:hunter2@m', certificate: /c.pem}":                                       "must not hold a password",
		"{address: 'ssh://u@m/etc', certificate: /c.pem}":                                           "neither local nor a URL",
		"{address: 'ssh://u@m', certificate: c.pem}":                                                `"c.pem" is not an absolute path`,
		"{address: local, certificate: /c.pem, commands: [{run: x}]}":                               "nobody could tell",
		"{address: local, certificate: /c.pem, commands: [{timeout: 1m}], check: {address: 'a:1'}}": "says not what to run",
		"{address: local, certificate: /c.pem, check: {address: a}}":                                "write host:port",
		"{address: local, certificate: /c.pem, check: {address: 'a:1', timeout: soon}}":             "can't be",
	} {
		_, err := config.Parse("/conf/a.yaml", []byte("master: "+text), getenv)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	c := parse(t, "master: {address: 'ssh://u@m', bastion: true, certificate: /c.pem}")
	if err := c.Validate(); err == nil || !strings.Contains(err.Error(), "the master is to be reached through the bastion") {
		t.Errorf("without a bastion: %v", err)
	}
}

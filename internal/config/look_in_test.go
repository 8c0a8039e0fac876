package config

import (
	"slices"
	"strings"
	"testing"
)

func noEnv(string) string { return "" }

func TestStunnelPathsAreChecked(t *testing.T) {
	for text, want := range map[string]string{
		"platforms: {linux: {stunnel_conf: stunnel.conf}}":       `c.yaml:1:35: "stunnel.conf" is not an absolute path on linux`,
		"platforms: {linux: {stunnel_dir: 'C:\\bot'}}":           `c.yaml:1:34: "C:\\bot" is not an absolute path on linux`,
		"platforms: {windows: {stunnel_conf: /etc/x}}":           `c.yaml:1:37: "/etc/x" is not an absolute path on windows`,
		"platforms: {windows: {look_in: ['C:\\bot', bot]}}":      `c.yaml:1:43: "bot" is not an absolute path on windows`,
		"platforms: {linux: {look_in: [none, /etc]}}":            `c.yaml:1:31: "none" is not an absolute path on linux`,
		"overrides: [{workers: [a], look_in: '*/bot'}]":          `c.yaml:1:37: "*/bot" is not an absolute path`,
		"platforms: {linux: {look_in: none}}":                    "",
		"overrides: [{workers: [a], look_in: 'C:/Users/*/bot'}]": "",
	} {
		_, err := Parse("c.yaml", []byte(text+"\n"), noEnv)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s:\n%v\nwant %s", text, err, want)
		}
	}
}

func TestFoldersToLookIn(t *testing.T) {
	c, err := Parse("c.yaml", []byte(`
platforms:
  linux: {user: bot, look_in: [/srv/*, "/opt/a b"]}
overrides:
  - {workers: [quiet], look_in: none}
  - {workers: [other], look_in: 'C:\bot'}
`), noEnv)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		platform, worker string
		want             []string
	}{
		{"linux", "any", []string{"/srv/*", "/opt/a b"}},
		{"linux", "quiet", nil},
		{"windows", "any", defaultLookIn(true)},
		{"windows", "other", []string{`C:\bot`}},
	} {
		p, err := c.For(tt.platform, []string{tt.worker})
		if got := p.FoldersToLookIn(tt.platform); err != nil || !slices.Equal(got, tt.want) {
			t.Errorf("%s on %s: %q, %v; want %q", tt.worker, tt.platform, got, err, tt.want)
		}
	}
	if _, err := c.For("linux", []string{"other"}); err == nil || !strings.Contains(err.Error(), `"C:\\bot" is not an absolute path on linux`) {
		t.Errorf("a Windows folder for a Linux host: %v", err)
	}
}

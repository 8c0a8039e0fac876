package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
)

// home is where the package's units look for the configuration.
const home = "/etc/amirotate"

// units are the names of the refresh's units.
var units = [...]string{"amirotate-refresh.service", "amirotate-refresh.timer"}

// example is a configuration that is complete, so that units are printed for it.
const example = `slave_list: slave-list.txt
certificate: {old: old-cert.pem, new: new-cert.pem}
launch: {security_groups: [workers]}
platforms: {linux: {user: builder, files: [{path: /srv/cert.pem}]}}
`

// writeUnits has the program print the units of the refresh, for a configuration
// in /etc/amirotate; without one they do nothing.
func (r *release) writeUnits(ctx context.Context) error {
	dir := filepath.Join(filepath.Dir(r.docs), "etc")
	config := filepath.Join(dir, "amirotate.yaml")
	if err := writeFile(config, []byte(example)); err != nil {
		return err
	}
	r.units = filepath.Join(filepath.Dir(r.docs), "units")
	if err := os.MkdirAll(r.units, 0o755); err != nil {
		return err
	}
	if _, err := command(ctx, r.root, nil, "go", "run", "./cmd/amirotate", "schedule", "systemd", "--quiet", "--config", config,
		"--program", "/usr/bin/amirotate", "--user", "root", "--dir", r.units); err != nil {
		return err
	}
	for _, name := range units {
		path := filepath.Join(r.units, name)
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if err := writeFile(path, []byte(packaged(string(data), dir))); err != nil {
			return err
		}
	}
	return nil
}

// packaged makes a printed unit the package's own: without what it says on where
// it goes, and with the configuration's folder instead of dir.
func packaged(unit, dir string) string {
	_, unit, _ = strings.Cut(unit, "[Unit]\n")
	return "[Unit]\nConditionPathExists=" + home + "/amirotate.yaml\n" + strings.ReplaceAll(unit, dir, home)
}

package sandbox

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/google/renameio/v2/maybe"
	"golang.org/x/crypto/ssh/knownhosts"

	"github.com/amirotate/amirotate/internal/sandbox/scenario"
)

// The credentials that the sandbox accepts; the secret signs, and nobody checks.
const (
	accessKey = "AKIASANDBOXSANDBOX00"
	secretKey = "the-sandbox-does-not-check-signatures"
)

// Ready says how to reach a sandbox; paths are absolute.
type Ready struct {
	Endpoint string       `json:"endpoint"`
	Region   string       `json:"region"`
	Bastion  ReadyBastion `json:"bastion"`
	Config   string       `json:"config"`
}

// ReadyBastion says how to log in to the bastion.
type ReadyBastion struct {
	Address      string `json:"address"`
	User         string `json:"user"`
	IdentityFile string `json:"identity_file"`
	KnownHosts   string `json:"known_hosts"`
}

// announce writes what clients need, and last the ready file.
func (s *Sandbox) announce(sc *scenario.Scenario, readyFile, endpoint string, k *keys) error {
	s.ready = Ready{
		Endpoint: endpoint, Region: sc.Region, Config: filepath.Join(s.dir, "amirotate.yaml"),
		Bastion: ReadyBastion{
			Address: s.bastion.Addr(), User: bastionUser, IdentityFile: filepath.Join(s.dir, identityFile),
			KnownHosts: filepath.Join(s.dir, knownHostsFile),
		},
	}
	s.env = [][2]string{
		{"AWS_ENDPOINT_URL", endpoint},
		{"AWS_REGION", sc.Region},
		{"AWS_DEFAULT_REGION", sc.Region},
		{"AWS_ACCESS_KEY_ID", accessKey},
		{"AWS_SECRET_ACCESS_KEY", secretKey},
		{"AMIROTATE_WINRM_PASSWORD", k.password},
	}
	var env bytes.Buffer
	for _, e := range s.env {
		fmt.Fprintf(&env, "%s=%s\n", e[0], e[1])
	}
	config, err := configuration(sc, s.bastion.Addr(), s.static, s.master.configured())
	if err != nil {
		return err
	}
	known := knownhosts.Line([]string{s.bastion.Addr()}, s.bastion.HostKey()) + "\n" + knownStatic(s.static) + s.master.known()
	for _, f := range []struct {
		name string
		text []byte
		mode os.FileMode
	}{
		{"env", env.Bytes(), 0o600},
		{"amirotate.yaml", config, 0o644},
		{"slave-list.txt", sc.SlaveList, 0o644},
		{"old-cert.pem", sc.OldCert, 0o644},
		{"new-cert.pem", sc.NewCert, 0o644},
		{"new-key.pem", sc.NewKey, 0o600},
		{knownHostsFile, []byte(known), 0o644},
	} {
		if f.text == nil {
			continue
		}
		if err := os.WriteFile(filepath.Join(s.dir, f.name), f.text, f.mode); err != nil {
			return fmt.Errorf("cannot write %s: %w", f.name, err)
		}
	}
	return s.writeReady(readyFile)
}

func (s *Sandbox) writeReady(file string) error {
	if file == "" {
		return nil
	}
	text, err := json.MarshalIndent(s.ready, "", "  ")
	if err == nil {
		err = maybe.WriteFile(file, append(text, '\n'), 0o644)
	}
	if err != nil {
		return fmt.Errorf("cannot write the ready file: %w", err)
	}
	return nil
}

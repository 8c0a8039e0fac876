package farmtest

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/amirotate/amirotate/internal/sandbox/scenario"
)

// pairs are the certificates and keys of every farm of a process whose scenario
// names none: making RSA keys for each would take longer than most rotations.
var pairs = sync.OnceValues(makePairs)

func makePairs() (files map[string]string, err error) {
	dir, err := os.MkdirTemp("", "amirotate-pairs-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	path := filepath.Join(dir, "scenario.yaml")
	if err := os.WriteFile(path, []byte("images: [{id: ami-11111111}]\n"), 0o600); err != nil {
		return nil, err
	}
	sc, err := scenario.Load(path)
	if err != nil {
		return nil, err
	}
	return map[string]string{
		"pair-old.pem": string(sc.OldCert), "pair-old-key.pem": string(sc.OldKey),
		"pair-new.pem": string(sc.NewCert), "pair-new-key.pem": string(sc.NewKey),
	}, nil
}

const namePairs = "\ncertificate: {old: pair-old.pem, old_key: pair-old-key.pem, new: pair-new.pem, new_key: pair-new-key.pem}\n"

// withPairs gives a scenario its certificates, unless it says which.
func withPairs(scenario string, files map[string]string) (string, map[string]string, error) {
	if strings.HasPrefix(scenario, "certificate:") || strings.Contains(scenario, "\ncertificate:") {
		return scenario, files, nil
	}
	made, err := pairs()
	all := maps.Clone(made)
	maps.Copy(all, files)
	return scenario + namePairs, all, err
}

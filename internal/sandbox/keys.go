package sandbox

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/crypto/ssh"

	"github.com/amirotate/amirotate/internal/sandbox/winhost"
)

// Names of the files in DIR/ssh.
const (
	identityFile   = "ssh/identity"
	hostKeyFile    = "ssh/bastion_host_key"
	knownHostsFile = "ssh/known_hosts"
	authorityFile  = "ssh/winrm-ca.pem"
)

// keys are what opens the sandbox's doors, new for each sandbox.
type keys struct {
	identity  ssh.Signer // logs in to the bastion and to Linux hosts
	bastion   ssh.Signer // the bastion's host key
	authority *winhost.CA
	password  string // of the administrator of Windows hosts
}

// newKeys makes the keys and writes them into the folder.
func newKeys(dir string) (*keys, error) {
	if err := os.MkdirAll(filepath.Join(dir, "ssh"), 0o700); err != nil {
		return nil, fmt.Errorf("cannot make the folder of keys: %w", err)
	}
	k := &keys{password: "Aa1-" + rand.Text()} // passes Windows' rules of complexity
	var err error
	if k.identity, err = newSigner(filepath.Join(dir, identityFile)); err != nil {
		return nil, err
	}
	if k.bastion, err = newSigner(filepath.Join(dir, hostKeyFile)); err != nil {
		return nil, err
	}
	if k.authority, err = winhost.NewCA(); err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(dir, authorityFile), k.authority.PEM(), 0o644); err != nil {
		return nil, fmt.Errorf("cannot write the WinRM authority: %w", err)
	}
	return k, nil
}

func (k *keys) authorized() []ssh.PublicKey { return []ssh.PublicKey{k.identity.PublicKey()} }

// newSigner makes an ed25519 key and writes both halves as OpenSSH does.
func newSigner(file string) (ssh.Signer, error) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("cannot make key %s: %w", file, err)
	}
	block, err := ssh.MarshalPrivateKey(private, "amirotate sandbox")
	if err != nil {
		return nil, fmt.Errorf("cannot make key %s: %w", file, err)
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		return nil, fmt.Errorf("cannot make key %s: %w", file, err)
	}
	if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
		return nil, fmt.Errorf("cannot write key: %w", err)
	}
	if err := os.WriteFile(file+".pub", ssh.MarshalAuthorizedKey(signer.PublicKey()), 0o644); err != nil {
		return nil, fmt.Errorf("cannot write key: %w", err)
	}
	return signer, nil
}

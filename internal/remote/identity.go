package remote

import (
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

// identities are the keys that a user offers to a server, in order.
type identities struct {
	signers []ssh.Signer
	agent   io.Closer // nil without an agent; needed as long as keys sign
	looked  []string  // where keys were looked for, for the error when none is there
}

func (id *identities) close() {
	if id.agent != nil {
		id.agent.Close()
	}
}

// defaultIdentities are the files in ~/.ssh that ssh tries by itself.
var defaultIdentities = [...]string{"id_ed25519", "id_ecdsa", "id_rsa"}

// loadIdentities reads the named key files and then asks the agent. Without
// files it takes the agent's keys and the default files that can be read.
// Cancelling ctx frees a blocked agent; so does close.
func loadIdentities(ctx context.Context, files []string, getenv func(string) string) (*identities, error) {
	id := &identities{}
	held := id.askAgent(ctx, getenv("SSH_AUTH_SOCK"))
	for _, file := range files {
		signers, err := readIdentity(file, held)
		if err != nil {
			id.close()
			return nil, err
		}
		id.signers = append(id.signers, signers...)
		id.looked = append(id.looked, file)
	}
	id.signers = append(id.signers, held...)
	if home := getenv("HOME"); len(files) == 0 && home != "" {
		for _, name := range defaultIdentities {
			file := filepath.Join(home, ".ssh", name)
			id.looked = append(id.looked, file)
			if signers, err := readIdentity(file, nil); err == nil {
				id.signers = append(id.signers, signers...)
			}
		}
	}
	if len(id.signers) == 0 {
		id.close()
		return nil, finalf("name a private key with identity_file, or load one into the agent with ssh-add",
			"no key to log in with: looked at %v", id.looked)
	}
	return id, nil
}

// askAgent returns the agent's keys; without an agent that answers, none.
func (id *identities) askAgent(ctx context.Context, socket string) []ssh.Signer {
	if socket == "" {
		return nil
	}
	id.looked = append(id.looked, "the agent at "+socket)
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unix", socket)
	if err != nil {
		return nil
	}
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	signers, err := agent.NewClient(conn).Signers()
	if err != nil {
		stop()
		conn.Close()
		return nil
	}
	id.agent = conn
	return signers
}

// readIdentity reads a private key and the certificate beside it, if there is
// one. A key with a passphrase is taken from those that the agent holds.
func readIdentity(file string, held []ssh.Signer) ([]ssh.Signer, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, finalf("", "cannot read the private key: %w", err)
	}
	signer, err := ssh.ParsePrivateKey(b)
	var locked *ssh.PassphraseMissingError
	switch {
	case errors.As(err, &locked):
		if signer = heldByAgent(file, locked.PublicKey, held); signer == nil {
			return nil, finalf("unlock it for this session: ssh-add "+file,
				"the private key %s has a passphrase, and no agent holds it", file)
		}
	case err != nil:
		return nil, finalf("identity_file must name a private key in PEM or OpenSSH format",
			"cannot read the private key %s: %w", file, err)
	}
	if err := checkRSASize(file, signer.PublicKey()); err != nil {
		return nil, err
	}
	signers := []ssh.Signer{signer}
	if cert := readCertificate(file+"-cert.pub", signer); cert != nil {
		signers = []ssh.Signer{cert, signer}
	}
	return signers, nil
}

// heldByAgent finds a locked key among the agent's by its public half, which
// stands in newer key files themselves and otherwise in the .pub file.
func heldByAgent(file string, public ssh.PublicKey, held []ssh.Signer) ssh.Signer {
	if public == nil {
		b, err := os.ReadFile(file + ".pub")
		if err != nil {
			return nil
		}
		if public, _, _, _, err = ssh.ParseAuthorizedKey(b); err != nil {
			return nil
		}
	}
	for _, s := range held {
		if string(s.PublicKey().Marshal()) == string(public.Marshal()) {
			return s
		}
	}
	return nil
}

func readCertificate(file string, signer ssh.Signer) ssh.Signer {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil
	}
	public, _, _, _, err := ssh.ParseAuthorizedKey(b)
	if err != nil {
		return nil
	}
	cert, ok := public.(*ssh.Certificate)
	if !ok {
		return nil
	}
	s, err := ssh.NewCertSigner(cert, signer)
	if err != nil {
		return nil
	}
	return s
}

// checkRSASize refuses RSA keys that Go's own crypto would fail on only while
// signing, with an error that names no file.
func checkRSASize(file string, key ssh.PublicKey) error {
	c, ok := key.(ssh.CryptoPublicKey)
	if !ok {
		return nil
	}
	if k, ok := c.CryptoPublicKey().(*rsa.PublicKey); ok && k.N.BitLen() < 1024 {
		return finalf("make a new key of at least 2048 bits",
			"cannot use the private key %s: RSA with %d bits", file, k.N.BitLen())
	}
	return nil
}

// describe names the public halves, for the error when a server refuses them all.
func (id *identities) describe() string {
	s := ""
	for i, signer := range id.signers {
		if i > 0 {
			s += ", "
		}
		s += fmt.Sprintf("%s %s", signer.PublicKey().Type(), ssh.FingerprintSHA256(signer.PublicKey()))
	}
	return s
}

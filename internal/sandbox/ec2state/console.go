package ec2state

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"time"

	"golang.org/x/crypto/ssh"
)

// maxConsole is how much of its console EC2 keeps of an instance, in bytes.
const maxConsole = 64 << 10

// ConsoleOutput returns the newest 64 KiB of an instance's console. Latest is
// for Nitro instances only.
func (s *State) ConsoleOutput(id string, latest, dryRun bool) ([]byte, time.Time, error) {
	s.mu.Lock()
	in, err := s.findInstance(id)
	switch {
	case err != nil:
	case latest && !instanceTypes()[in.Type].Nitro:
		err = Refuse("UnsupportedOperation", "This instance type does not support retrieving the latest console logs. Supported instance types are those built on the Nitro System.")
	case dryRun:
		err = DryRunOperation()
	}
	s.mu.Unlock()
	if err != nil {
		return nil, time.Time{}, err
	}
	in.power.Lock()
	defer in.power.Unlock()
	if in.computer != nil {
		in.console = in.computer.Console()
	}
	out := in.console
	return out[max(0, len(out)-maxConsole):], s.opts.Clock.Now(), nil
}

// PasswordData returns a Windows instance's administrator password, encrypted
// with its key pair and in base64; "" until it is known, and without a key pair.
func (s *State) PasswordData(id string, dryRun bool) (string, time.Time, error) {
	s.mu.Lock()
	in, err := s.findInstance(id)
	var key *KeyPair
	if err == nil {
		key = s.keyNamed(in.Key)
	}
	if err == nil && dryRun {
		err = DryRunOperation()
	}
	s.mu.Unlock()
	now := s.opts.Clock.Now()
	if err != nil || key == nil {
		return "", now, err
	}
	in.power.Lock()
	if in.computer != nil {
		in.keepOutput()
	}
	password := in.password
	in.power.Unlock()
	public := rsaKey(key.PublicKey)
	if password == "" || public == nil {
		return "", now, nil
	}
	sealed, err := rsa.EncryptPKCS1v15(rand.Reader, public, []byte(password)) //nolint:staticcheck // it is what EC2 seals with
	if err != nil {
		return "", now, internalError(err)
	}
	return base64.StdEncoding.EncodeToString(sealed), now, nil
}

func rsaKey(line string) *rsa.PublicKey {
	key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(line))
	if err != nil {
		return nil
	}
	crypto, ok := key.(ssh.CryptoPublicKey)
	if !ok {
		return nil
	}
	public, _ := crypto.CryptoPublicKey().(*rsa.PublicKey)
	return public
}

// Booting tells whether a running instance has not yet booted.
func (s *State) Booting(in Instance) bool {
	return s.opts.Clock.Now().Sub(in.Ran) < s.timings.pending+s.timings.boot[in.Platform]
}

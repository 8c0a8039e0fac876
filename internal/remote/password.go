package remote

import (
	"context"
	"crypto/rsa"
	"encoding/base64"
	"fmt"
	"os"
	"strings"

	"golang.org/x/crypto/ssh"
)

// passwordOf finds the password of an instance. One that EC2 does not know yet
// is a temporary error.
func (d *Dialer) passwordOf(ctx context.Context, instanceID string, p Password) (string, error) {
	switch {
	case p.Env != "":
		if v := d.opts.Getenv(p.Env); v != "" {
			return v, nil
		}
		return "", finalf("export it before the run", "the password's environment variable %s is not set", p.Env)
	case p.File != "":
		return readPassword(p.File)
	case p.EC2Key != "":
		return d.passwordFromEC2(ctx, instanceID, p.EC2Key)
	}
	return "", finalf("set password: {env: …}, {file: …} or {ec2: key-file}", "no password is configured")
}

func readPassword(file string) (string, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return "", finalf("", "cannot read the password: %w", err)
	}
	password := strings.TrimSuffix(strings.TrimSuffix(string(b), "\n"), "\r")
	if password == "" {
		return "", finalf("", "the password file %s is empty", file)
	}
	return password, nil
}

func (d *Dialer) passwordFromEC2(ctx context.Context, instanceID, keyFile string) (string, error) {
	key, err := readRSAKey(keyFile)
	if err != nil {
		return "", err
	}
	if d.opts.PasswordData == nil {
		return "", finalf("", "there is no EC2 to ask for the password of %s", instanceID)
	}
	if err := d.paceOf("password", instanceID).wait(ctx); err != nil {
		return "", err
	}
	data, err := d.opts.PasswordData(ctx, instanceID)
	if err != nil {
		return "", &fault{err: fmt.Errorf("cannot ask EC2 for the password: %w", err), final: IsFinal(err)}
	}
	if strings.TrimSpace(data) == "" {
		return "", temporaryf("an image that was baked from an instance keeps that one's password: set password: {env: …} or {file: …}",
			"EC2 does not have the password yet")
	}
	return decryptPassword(data, key, keyFile)
}

func readRSAKey(file string) (*rsa.PrivateKey, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, finalf("", "cannot read the key for EC2's password: %w", err)
	}
	raw, err := ssh.ParseRawPrivateKey(b)
	if err != nil {
		return nil, finalf("", "cannot read the key for EC2's password %s: %w", file, err)
	}
	key, ok := raw.(*rsa.PrivateKey)
	if !ok {
		return nil, finalf("EC2 encrypts Windows passwords for RSA key pairs alone",
			"the key for EC2's password %s is not an RSA key", file)
	}
	return key, nil
}

// decryptPassword opens what GetPasswordData returns: base64 of PKCS #1 v1.5.
func decryptPassword(data string, key *rsa.PrivateKey, keyFile string) (string, error) {
	sealed, err := base64.StdEncoding.DecodeString(strings.TrimSpace(data))
	if err != nil {
		return "", finalf("", "EC2's password data is not base64: %w", err)
	}
	plain, err := rsa.DecryptPKCS1v15(nil, key, sealed) //nolint:staticcheck // it is what EC2 seals with
	if err != nil {
		return "", finalf("name the private key of the key pair that the instance was launched with",
			"the key %s does not open EC2's password data: %w", keyFile, err)
	}
	return string(plain), nil
}

package config

import (
	"errors"
	"fmt"
	"strings"
)

// Secret says where a secret is found; it never holds one. At most one field is
// set, and none in the zero value.
type Secret struct {
	Env  string `yaml:"env" doc:"Environment variable that holds it."`
	File string `yaml:"file" kind:"path" doc:"File that holds it; a newline at its end does not belong to it."`
	EC2  string `yaml:"ec2" kind:"path" doc:"Private key file that decrypts EC2's password data of the instance."`
}

// ErrPasswordData is what Resolve says of a secret that only EC2 has.
var ErrPasswordData = errors.New("it is in EC2's password data of the instance")

// IsZero tells whether there is no secret.
func (s Secret) IsZero() bool { return s == Secret{} }

// String says where the secret is found.
func (s Secret) String() string {
	switch {
	case s.Env != "":
		return "environment variable " + s.Env
	case s.File != "":
		return "file " + s.File
	case s.EC2 != "":
		return "EC2 password data, key " + s.EC2
	}
	return "none"
}

// Resolve reads the secret from the environment or from its file. It fails with
// ErrPasswordData if the secret is in EC2's password data.
func (s Secret) Resolve(getenv func(string) string) ([]byte, error) {
	switch {
	case s.Env != "":
		if v := getenv(s.Env); v != "" {
			return []byte(v), nil
		}
		return nil, fmt.Errorf("cannot read the password: environment variable %s is empty or not set", s.Env)
	case s.File != "":
		return readSecret(s.File)
	case s.EC2 != "":
		return nil, fmt.Errorf("cannot read the password: %w", ErrPasswordData)
	}
	return nil, errors.New("cannot read the password: the configuration names none")
}

func readSecret(path string) ([]byte, error) {
	data, err := ReadFile("password file", path)
	if err != nil {
		return nil, err
	}
	secret := strings.TrimSuffix(strings.TrimSuffix(string(data), "\n"), "\r")
	if secret == "" {
		return nil, fmt.Errorf("cannot read the password: file %s is empty", path)
	}
	return []byte(secret), nil
}

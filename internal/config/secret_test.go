package config_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/amirotate/amirotate/internal/config"
)

func TestSecretResolve(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	tests := map[string]struct {
		secret    config.Secret
		want, err string
	}{
		"env":                {config.Secret{Env: "SET"}, "s3cret", ""},
		"env not set":        {config.Secret{Env: "UNSET"}, "", "UNSET"},
		"file":               {config.Secret{File: write("f", "pass word\r\n")}, "pass word", ""},
		"file, no newline":   {config.Secret{File: write("g", "x")}, "x", ""},
		"file, two newlines": {config.Secret{File: write("h", "x\n\n")}, "x\n", ""},
		"empty file":         {config.Secret{File: write("e", "\n")}, "", "empty"},
		"no file":            {config.Secret{File: filepath.Join(dir, "none")}, "", "no such file"},
		"ec2":                {config.Secret{EC2: "key"}, "", config.ErrPasswordData.Error()},
		"none":               {config.Secret{}, "", "names none"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := test.secret.Resolve(getenv)
			if string(got) != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
			if (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
				t.Errorf("got error %v, want %q", err, test.err)
			}
		})
	}
}

func TestSecretString(t *testing.T) {
	for want, s := range map[string]config.Secret{
		"none": {}, "environment variable X": {Env: "X"}, "file x": {File: "x"}, "EC2 password data, key k": {EC2: "k"},
	} {
		if got := s.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "amirotate.yaml")
	if err := os.WriteFile(path, []byte("certificate: {new: new.pem}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := config.Load(path, getenv)
	if err != nil || c.Certificate.New != filepath.Join(dir, "new.pem") {
		t.Errorf("got %v, %v", c, err)
	}
	if _, err := config.Load(filepath.Join(dir, "none"), getenv); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "hint: ") {
		t.Errorf("got %v", err)
	}
}

func TestReadFile(t *testing.T) {
	dir := t.TempDir()
	_, err := config.ReadFile("slave list", dir)
	if want := "cannot read the slave list " + dir + ": it is a directory\n  hint: name a file in it"; err == nil || err.Error() != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
	path := filepath.Join(dir, "x")
	if _, err := config.ReadFile("x", path+"/y"); err == nil {
		t.Error("a file that is not there is read")
	}
	if err := os.WriteFile(path, []byte("x"), 0o200); err != nil {
		t.Fatal(err)
	}
	if _, err := config.ReadFile("x", path+"/y"); err == nil || !strings.Contains(err.Error(), "not a directory") {
		t.Errorf("got %v", err)
	}
	if os.Geteuid() != 0 { // root may read everything
		if _, err := config.ReadFile("x", path); !errors.Is(err, fs.ErrPermission) {
			t.Errorf("got %v", err)
		}
	}
}

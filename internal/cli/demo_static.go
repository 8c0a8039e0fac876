package cli

import (
	"bytes"
	"fmt"
	"path/filepath"

	"github.com/amirotate/amirotate/internal/config"
)

// checkStatic looks at the folders of the static hosts: a host that could not be
// reached still holds the old certificate, each other one the new.
func checkStatic(dir string, c *config.Config, oldCert, newCert []byte) check {
	held := 0
	for _, s := range c.Static {
		err := staticHolds(filepath.Join(dir, "static", s.Workers[0], "root"), s, oldCert, newCert)
		if err != nil {
			return check{"the static workers hold the new certificate", err}
		}
		if !s.Optional {
			held++
		}
	}
	return check{fmt.Sprintf("%d of %d static workers hold the new certificate; 1 is optional and down", held, len(c.Static)), nil}
}

func staticHolds(root string, s config.Static, oldCert, newCert []byte) error {
	files, err := readTree(root)
	if err != nil {
		return err
	}
	want := newCert
	if s.Optional {
		want = oldCert
	}
	for _, f := range s.Files {
		if !bytes.Equal(files[filepath.FromSlash(f.Path[1:])], want) {
			return fmt.Errorf("%s of %s holds something else", f.Path, s.Workers[0])
		}
	}
	return nil
}

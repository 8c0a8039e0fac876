package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/amirotate/amirotate/internal/cert"
	"github.com/amirotate/amirotate/internal/config"
)

// checkMaster looks at the buildmaster's disk and at its port, with no help of
// what has switched it.
func checkMaster(dir string, c *config.Config, oldCert, newCert []byte) check {
	return check{"the master presents the new certificate; its old pair is kept", func() error {
		m, root := c.MasterSettings(), filepath.Join(dir, "master", "root")
		now, err := os.ReadFile(filepath.Join(root, m.Certificate))
		if err != nil {
			return err
		}
		if !bytes.Equal(now, newCert) {
			return fmt.Errorf("%s is not the new certificate", m.Certificate)
		}
		kept, err := filepath.Glob(filepath.Join(root, m.Certificate) + ".*")
		if err != nil || len(kept) != 1 {
			return fmt.Errorf("%d copies lie beside %s", len(kept), m.Certificate)
		}
		if was, err := os.ReadFile(kept[0]); err != nil || !bytes.Equal(was, oldCert) {
			return errors.Join(fmt.Errorf("%s is not the old certificate", kept[0]), err)
		}
		return presents(m.Check.Address, newCert)
	}()}
}

// presents tells what is wrong with what a port presents, nil for nothing.
func presents(address string, wanted []byte) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	shown, err := cert.Endpoint(ctx, (&net.Dialer{}).DialContext, address)
	if err != nil {
		return err
	}
	file, err := cert.Parse("the new certificate", wanted)
	if err != nil {
		return err
	}
	return file.Accepts(shown.Certificates, time.Now())
}

package cli

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/amirotate/amirotate/internal/config"
	"github.com/spf13/cobra"
)

// defaultConfig is read if it lies here and --config is not given.
const defaultConfig = "amirotate.yaml"

// rotationFlags adds the flags that a one-shot emergency needs, each of which
// beats the configuration file.
func rotationFlags(cmd *cobra.Command, f *config.Flags) {
	farmFlags(cmd, f)
	accessFlags(cmd, f)
	flags := cmd.Flags()
	flags.StringArrayVar(&f.OldCert, "old-cert", nil, "certificate `FILE` that hosts should hold now (repeatable: any of them)")
	flags.StringVar(&f.NewCert, "new-cert", "", "certificate `FILE` that hosts are to hold")
	flags.StringVar(&f.Key, "new-key", "", "private key `FILE` of the new certificate, for the master")
	flags.StringArrayVar(&f.SecurityGroups, "security-group", nil, "security `GROUP` that lets the bastion in, by name or sg- id (repeatable)")
	flags.StringVar(&f.LikeInstance, "like-instance", "", "launch with subnet and groups of this `INSTANCE`, which the bastion reaches")
	flags.StringVar(&f.Subnet, "subnet", "", "`SUBNET` to launch in")
	flags.StringVar(&f.KeyPair, "key-pair", "", "EC2 key pair `NAME` (default: the images' own authorized keys)")
}

// accessFlags adds the flags that say how hosts are reached, and where their
// certificates lie.
func accessFlags(cmd *cobra.Command, f *config.Flags) {
	flags := cmd.Flags()
	flags.StringVar(&f.Bastion, "bastion", "", "SSH host through which instances are reached, `USER@HOST:PORT`")
	flags.StringVar(&f.KnownHosts, "known-hosts", "", "`FILE` that holds the bastion's host key (default ~/.ssh/known_hosts)")
	flags.StringVar(&f.SSHUser, "ssh-user", "", "`USER` on Linux instances")
	flags.StringArrayVar(&f.IdentityFiles, "identity-file", nil, "private key `FILE`, for bastion and instances (repeatable)")
	flags.StringArrayVar(&f.LinuxPaths, "linux-path", nil, "`PATH` of the certificate on Linux images (repeatable)")
	flags.StringVar(&f.WindowsUser, "windows-user", "", "`USER` on Windows instances; the password is taken from AMIROTATE_WINRM_PASSWORD")
	flags.StringArrayVar(&f.WindowsPaths, "windows-path", nil, "`PATH` of the certificate on Windows images (repeatable)")
}

// masterFlags adds the flags that say how the certificates follow each other,
// and where the master presents its own.
func masterFlags(cmd *cobra.Command, f *config.Flags) {
	flags := cmd.Flags()
	flags.StringVar(&f.Strategy, "strategy", "", "cutover, or overlap: hosts trust old and new for a time")
	flags.StringVar(&f.Endpoint, "endpoint", "", "`HOST:PORT` at which the master presents its certificate")
	flags.BoolVar(&f.ThroughBastion, "through-bastion", false, "reach the master's port through the bastion")
}

// settings reads the configuration file and lays the flags over it.
func (g *globals) settings(f config.Flags) (*config.Config, error) {
	c, err := g.readConfig()
	if err != nil {
		return nil, err
	}
	if err := c.Apply(f, g.Dir); err != nil {
		return nil, err
	}
	if f.NewCert != "" && f.Key == "" {
		c.Certificate.Key = "" // it is that of the certificate which the flag replaces
	}
	return c, g.withoutFile(c.Validate())
}

// withoutFile tells whoever has no configuration, and not all flags, where to
// begin.
func (g *globals) withoutFile(err error) error {
	if err == nil || g.hasConfig() {
		return err
	}
	return &hintedError{err, "there is no " + defaultConfig + " here: 'amirotate init' writes one, --config names another"}
}

// hasConfig tells whether there is a configuration file to be read.
func (g *globals) hasConfig() bool {
	_, err := os.Stat(filepath.Join(g.Dir, defaultConfig))
	return g.config != "" || !errors.Is(err, fs.ErrNotExist)
}

func (g *globals) readConfig() (*config.Config, error) {
	if !g.hasConfig() {
		return config.New(g.Getenv), nil
	}
	return config.Load(g.abs(cmp.Or(g.config, defaultConfig)), g.Getenv)
}

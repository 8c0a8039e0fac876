package cli

import (
	"github.com/amirotate/amirotate/internal/cert"
	"github.com/amirotate/amirotate/internal/config"
	"github.com/spf13/cobra"
)

func certCommand(g *globals) *cobra.Command {
	return heading("cert", "Read, keep and watch certificates",
		certInspectCommand(g), certEnsureCommand(g), certCheckCommand(g), certRemindCommand(g), certBundleCommand(g))
}

// certFlags are those of all cert commands.
type certFlags struct {
	config         config.Flags
	passphraseEnv  string
	passphraseFile string
}

func (f *certFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.config.NewCert, "cert", "", "certificate `FILE` (default: the configuration's)")
	flags.StringVar(&f.config.Key, "key", "", "private key `FILE` of the certificate")
	flags.StringVar(&f.config.Region, "region", "", "AWS `REGION`")
	flags.StringVar(&f.passphraseEnv, "passphrase-env", "", "environment variable `NAME` with the keys' passphrase")
	flags.StringVar(&f.passphraseFile, "passphrase-file", "", "`FILE` with the keys' passphrase")
}

// settings reads the configuration and lays the flags over it. A certificate
// named by a flag is kept in its file, wherever the configuration keeps its own.
func (f *certFlags) settings(g *globals) (*config.Config, error) {
	c, err := g.readConfig()
	if err != nil {
		return nil, err
	}
	if f.config.NewCert != "" {
		c.Certificate.Kind, c.Certificate.Store = config.KindSelfSigned, config.Store{}
		c.Certificate.Leaves, c.Certificate.Authority = nil, ""
		c.Certificate.Key = ""
	}
	switch {
	case f.passphraseEnv != "" && f.passphraseFile != "":
		return nil, usagef("leave one of them", "cannot read the passphrase: --passphrase-env and --passphrase-file name two places")
	case f.passphraseEnv != "":
		c.Certificate.Passphrase = config.Secret{Env: f.passphraseEnv}
	case f.passphraseFile != "":
		c.Certificate.Passphrase = config.Secret{File: g.abs(f.passphraseFile)}
	}
	return c, c.Apply(f.config, g.Dir)
}

// readPrivateKey reads a key's file, opened if there is a passphrase.
func readPrivateKey(path string, passphrase []byte) (*cert.File, error) {
	file, err := cert.LoadKey(path)
	if err == nil && len(passphrase) > 0 {
		err = file.Unlock(passphrase)
	}
	return file, err
}

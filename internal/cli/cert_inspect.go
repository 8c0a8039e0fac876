package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/amirotate/amirotate/internal/cert"
	"github.com/amirotate/amirotate/internal/config"
	"github.com/amirotate/amirotate/internal/ui"
	"github.com/spf13/cobra"
)

func certInspectCommand(g *globals) *cobra.Command {
	var f certFlags
	var through bool
	cmd := &cobra.Command{
		Use:   "inspect [FILE | FOLDER | HOST:PORT]…",
		Short: "Show what certificates say, and what is odd about them",
		Long: `inspect reads certificate files, every *.pem of a folder, and what a TLS server
presents; without arguments, all that the configuration names. Its words are
those of 'openssl x509'. A private key is looked for in the file itself, in its
folder, or in --key; it is compared, never shown.

Exit codes: 0 all were read; 1 some could not be; 2 bad usage or input.`,
		Example: `  amirotate cert inspect old-cert.pem new-cert.pem
  amirotate cert inspect --json buildbot.rust-lang.org:8010 | jq '.certificates[0].not_after'
  amirotate cert inspect --through-bastion 10.0.0.7:2376`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			a, err := g.inspect(cmd.Context(), &f, args, through)
			if err != nil {
				return err
			}
			return g.showInspected(a)
		},
	}
	f.add(cmd)
	cmd.Flags().BoolVar(&through, "through-bastion", false, "reach HOST:PORT through the bastion")
	cmd.Flags().StringVar(&f.config.Bastion, "bastion", "", "SSH host to go through, `USER@HOST:PORT`")
	cmd.Flags().StringArrayVar(&f.config.IdentityFiles, "identity-file", nil, "private key `FILE` for the bastion (repeatable)")
	cmd.Flags().StringVar(&f.config.KnownHosts, "known-hosts", "", "`FILE` that holds the bastion's host key")
	return cmd
}

func (g *globals) inspect(ctx context.Context, f *certFlags, args []string, through bool) (*gathering, error) {
	if f.config.NewCert != "" {
		args = append([]string{f.config.NewCert}, args...)
	}
	key := f.config.Key
	if len(args) == 0 {
		a, err := g.gatherFor(ctx, f)
		if err == nil && len(a.rows) == 0 {
			err = usagef("name a file, a folder or host:port", "cannot inspect: the configuration names no certificate")
		}
		return a, err
	}
	c, err := f.settings(g)
	if err != nil {
		return nil, err
	}
	if err := checkBastionGiven(c, through); err != nil {
		return nil, err
	}
	a, err := g.newGathering(c)
	if err != nil {
		return nil, err
	}
	for _, arg := range args {
		if err := a.target(ctx, arg, g.abs(key), through); err != nil {
			return nil, err
		}
	}
	return a, nil
}

// target inspects what an argument names. Its error is about the argument
// itself; what cannot be read of a folder is in errs.
func (a *gathering) target(ctx context.Context, arg, key string, through bool) error {
	path := a.g.abs(arg)
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && isEndpoint(arg):
		return a.inspectEndpoint(ctx, config.Endpoint{Address: arg, Bastion: through})
	case err == nil && info.IsDir():
		return a.inspectFolder(ctx, path)
	}
	file, err := cert.Load(path)
	if err != nil {
		return err
	}
	keyFile, err := a.keyBeside(file, key)
	if err != nil {
		return err
	}
	a.infos = append(a.infos, cert.Inspect(file, keyFile, a.now)...)
	return nil
}

func (a *gathering) keyBeside(file *cert.File, key string) (*cert.File, error) {
	if key != "" {
		return readPrivateKey(key, a.passphrase)
	}
	a.unlock(file)
	return nil, nil
}

// unlock tries the passphrase on what has keys; one that it does not open stays
// locked, and is shown so.
func (a *gathering) unlock(file *cert.File) {
	if len(a.passphrase) > 0 && len(file.Keys) > 0 {
		_ = file.Unlock(a.passphrase)
	}
}

// isEndpoint tells whether an argument that is no file can be host:port.
func isEndpoint(arg string) bool {
	host, port, err := net.SplitHostPort(arg)
	return err == nil && host != "" && port != "" && !strings.ContainsAny(arg, `/\`)
}

func (a *gathering) inspectEndpoint(ctx context.Context, e config.Endpoint) error {
	dialer := a.g.endpointDialer(a.config)
	defer func() { _ = dialer.Close() }()
	file, err := readEndpoint(ctx, dialer, e)
	if err != nil {
		a.errs = append(a.errs, err)
		return ctx.Err()
	}
	a.infos = append(a.infos, cert.Inspect(file, nil, a.now)...)
	return nil
}

func (a *gathering) inspectFolder(ctx context.Context, path string) error {
	found, err := cert.Folder(ctx, path)
	if err != nil {
		return err
	}
	for _, f := range found {
		if f.Err != nil {
			a.errs = append(a.errs, f.Err)
		} else {
			a.unlock(f.File)
		}
	}
	a.infos = append(a.infos, cert.InspectFound(found, a.now)...)
	return nil
}

func (g *globals) showInspected(a *gathering) error {
	if g.json {
		infos := a.infos
		if infos == nil {
			infos = []cert.Info{}
		}
		if err := g.printJSON(map[string]any{"certificates": infos, "errors": texts(a.errs)}); err != nil {
			return err
		}
	} else {
		for i, info := range a.infos {
			if i > 0 {
				fmt.Fprintln(g.Stdout)
			}
			if err := writeInfo(g.out(), info); err != nil {
				return err
			}
		}
	}
	g.reportEach(a.errs)
	if len(a.errs) > 0 {
		return codeError(exitFailed)
	}
	return nil
}

// writeInfo writes a table of one certificate.
func writeInfo(out io.Writer, i cert.Info) error {
	fmt.Fprintln(out, i.Source)
	tw := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	line := func(name, format string, args ...any) {
		if text := fmt.Sprintf(format, args...); text != "" {
			fmt.Fprintf(tw, "  %s\t%s\n", name, text)
		}
	}
	line("subject", "%s", i.Subject)
	line("issuer", "%s (%s)", i.Issuer, i.SignedBy)
	line("valid", "%s to %s (%s)", i.NotBefore.UTC().Format(time.RFC3339), i.NotAfter.UTC().Format(time.RFC3339), leftOf(i))
	line("serial", "%s", i.Serial)
	line("key", "%s", keyText(i))
	line("signature", "%s", signatureText(i))
	line("names", "%s", strings.Join(i.Names, ", "))
	line("private key", "%s", privateKeyText(i))
	line("file md5", "%s", i.FileMD5)
	line("file sha256", "%s", i.FileSHA256)
	line("fingerprint", "%s", i.FingerprintSHA256)
	line("odd", "%s", i.Quirk)
	return tw.Flush()
}

func leftOf(i cert.Info) string {
	switch i.Status {
	case cert.StatusExpired:
		return ui.Count(-i.DaysLeft, "day") + " ago"
	case cert.StatusNotYetValid:
		return "not yet valid"
	}
	return ui.Count(i.DaysLeft, "day") + " left"
}

func keyText(i cert.Info) string {
	switch {
	case i.KeyCurve != "":
		return i.KeyType + " " + i.KeyCurve
	case i.KeyBits > 0:
		return fmt.Sprintf("%s %d", i.KeyType, i.KeyBits)
	}
	return i.KeyType
}

func signatureText(i cert.Info) string {
	if i.WeakSignature != "" {
		return i.SignatureAlgorithm + " (weak: " + i.WeakSignature + ")"
	}
	return i.SignatureAlgorithm
}

// privateKeyText never says more of a key than whether it is there, locked and
// the right one.
func privateKeyText(i cert.Info) string {
	if i.HasPassphrase == nil {
		return ""
	}
	text := "matches"
	switch {
	case i.KeyMatches == nil:
		text = "cannot be compared without its passphrase"
	case !*i.KeyMatches:
		text = "does not match"
	}
	if *i.HasPassphrase {
		text += ", has a passphrase"
	} else {
		text += ", has no passphrase"
	}
	return text + " (" + i.KeySource + ")"
}

package cli

import (
	"cmp"
	"context"
	"errors"
	"path/filepath"
	"time"

	"github.com/amirotate/amirotate/internal/cert"
	"github.com/amirotate/amirotate/internal/cert/issue"
	"github.com/amirotate/amirotate/internal/cert/keep"
	"github.com/amirotate/amirotate/internal/cert/store"
	"github.com/amirotate/amirotate/internal/cloud"
	"github.com/amirotate/amirotate/internal/config"
	"github.com/amirotate/amirotate/internal/paramstore"
)

// keeper is what the configuration keeps, and where.
type keeper struct {
	policy keep.Policy
	store  keep.Store
	file   string // the certificate's, if it and its key are all that is kept
	key    string // the key's, with file
}

// close ends the connections to the store, if there are any.
func (k *keeper) close() {
	if s, ok := k.store.(interface{ Close() }); ok {
		s.Close()
	}
}

// source names an item for people.
func (k *keeper) source(item string) string {
	if k.file != "" {
		return k.file
	}
	return k.store.Name() + ": " + item
}

// inspect describes what the store holds, under the names of source.
func (k *keeper) inspect(items keep.Items, now time.Time) ([]cert.Info, []error) {
	infos, errs := keep.Inspect(k.store.Name(), items, k.policy.Passphrase, now)
	for i := range infos {
		if k.file != "" {
			infos[i].Source, infos[i].SourceKind = k.file, cert.SourceFile
			if infos[i].KeySource != "" {
				infos[i].KeySource = k.key
			}
		}
	}
	return infos, errs
}

var errNothingKept = errors.New("no place is configured where one is kept")

const nothingKeptHint = "set certificate.new and certificate.key, or certificate.store; or use --cert and --key"

// newKeeper returns errNothingKept if the configuration names no place.
func (g *globals) newKeeper(ctx context.Context, c *config.Config) (*keeper, error) {
	k := &keeper{}
	var err error
	if k.policy, err = g.policyOf(c); err != nil {
		return nil, err
	}
	if k.store, err = g.storeOf(ctx, c, k.policy.Items()); err != nil {
		return nil, err
	}
	if (c.Certificate.Store == config.Store{}) {
		k.file, k.key = c.Certificate.New, c.Certificate.Key
	}
	return k, nil
}

func (g *globals) policyOf(c *config.Config) (keep.Policy, error) {
	conf := c.Certificate
	p := keep.SelfSigned(keep.Subject{Name: conf.Subject, Names: conf.Names})
	if conf.Kind == config.KindSet {
		p = keep.Set(keep.Subject{Name: conf.Authority}, leavesOf(conf)...)
	}
	p.RenewBefore, p.Validity, p.KeyType = conf.RenewBefore, conf.Validity, issue.KeyType(conf.KeyType)
	if err := checkSubjects(p); err != nil {
		return p, usagef("write it as O=Rust Project, CN=bot.rust-lang.org; names are hosts, addresses or URIs", "%w", err)
	}
	if p.Validity > 0 && p.RenewBefore == 0 && p.Validity <= keep.DefaultRenewBefore {
		return p, usagef("set certificate.renew_before, too", "cannot keep certificates that are valid for %s: each would be due as soon as it is made", p.Validity)
	}
	var err error
	p.Passphrase, err = g.passphrase(c)
	return p, err
}

// leavesOf returns a set's certificates; those that are not configured are one
// for server and client, as Docker racks have it.
func leavesOf(conf config.Certificate) []keep.Leaf {
	if conf.Leaves == nil {
		return []keep.Leaf{{Subject: keep.Subject{Name: conf.Subject, Names: conf.Names}, Usage: issue.Server | issue.Client}}
	}
	var leaves []keep.Leaf
	for _, l := range conf.Leaves {
		leaves = append(leaves, keep.Leaf{Name: l.Name, Subject: keep.Subject{Name: l.Subject, Names: l.Names}, Usage: usageOf(l.Usage)})
	}
	return leaves
}

func usageOf(names []string) issue.Usage {
	var usage issue.Usage
	for _, name := range names {
		usage |= map[string]issue.Usage{config.UsageServer: issue.Server, config.UsageClient: issue.Client}[name]
	}
	if usage == 0 {
		return issue.Server | issue.Client
	}
	return usage
}

// checkSubjects refuses what could not be made, years before it is due.
func checkSubjects(p keep.Policy) error {
	var subjects []keep.Subject
	if p.CA != nil {
		subjects = append(subjects, *p.CA)
	}
	for _, l := range p.Leaves {
		subjects = append(subjects, l.Subject)
	}
	for _, s := range subjects {
		if s.Name != "" {
			if _, err := issue.ParseSubject(s.Name); err != nil {
				return err
			}
		}
		if _, err := issue.ParseNames(s.Names); err != nil {
			return err
		}
	}
	return nil
}

func (g *globals) storeOf(ctx context.Context, c *config.Config, items []string) (keep.Store, error) {
	conf := c.Certificate
	switch {
	case conf.Store.SSM != "":
		return g.parametersOf(ctx, c, items)
	case conf.Store.Folder != "":
		return store.NewFolder(conf.Store.Folder, items, nil)
	case conf.New == "" || conf.Key == "":
		return nil, usagef(nothingKeptHint, "cannot keep a certificate: %w", errNothingKept)
	case conf.Kind == config.KindSet:
		return nil, usagef("set certificate.store to a folder or to parameters", "cannot keep a set of certificates in two files")
	case isURL(conf.New) || isURL(conf.Key):
		return nil, usagef("name files on this machine", "cannot keep a certificate in %s: it is elsewhere", conf.New)
	}
	return store.NewFolder(filepath.Dir(conf.New), items, map[string]string{keep.Cert: conf.New, keep.Key: conf.Key})
}

func (g *globals) parametersOf(ctx context.Context, c *config.Config, items []string) (keep.Store, error) {
	conf := c.Certificate.Store
	if err := paramstore.CheckTemplate(conf.SSM); err != nil {
		return nil, usagef("write certificate.store.ssm as /farm/{item} or rack-docker-tls-{item}", "%w", err)
	}
	s, err := paramstore.New(ctx, paramstore.Options{Template: conf.SSM, Items: items, KMSKey: conf.KMSKey, Region: cmp.Or(conf.Region, c.Region),
		Getenv: g.Getenv, UserAgent: "amirotate/" + versionText(), RetryUnit: c.Waits.Poll})
	if err != nil {
		return nil, storeError(err)
	}
	return s, nil
}

// passphrase returns nil if the configuration names none.
func (g *globals) passphrase(c *config.Config) ([]byte, error) {
	if c.Certificate.Passphrase.IsZero() {
		return nil, nil
	}
	secret, err := c.Certificate.Passphrase.Resolve(g.Getenv)
	if err != nil {
		return nil, usagef("set it, or name another place by --passphrase-env or --passphrase-file", "cannot open the keys: no passphrase: %w", err)
	}
	return secret, nil
}

// storeError adds what helps where AWS could not be asked.
func storeError(err error) error {
	switch cloud.KindOf(err) {
	case cloud.Denied:
		return &hintedError{err, "allow what `amirotate iam-policy --for cert` prints: ssm:GetParameter, PutParameter, DeleteParameters and DescribeParameters, and kms:Decrypt and Encrypt for a key of your own"}
	case cloud.Throttled, cloud.Unavailable:
		return &hintedError{beforeStart(err), "nothing that was there is lost: run it again"}
	}
	return beforeStart(err)
}

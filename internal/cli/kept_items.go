package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/amirotate/amirotate/internal/cert"
	"github.com/amirotate/amirotate/internal/cert/keep"
	"github.com/amirotate/amirotate/internal/cert/store"
	"github.com/amirotate/amirotate/internal/config"
	"github.com/amirotate/amirotate/internal/verify"
)

// keptItems reads certificates from where they lie: in files, or in the store
// that keeps them, which is asked once and only if something is to come from it.
type keptItems struct {
	load  func() (keep.Store, keep.Items, error)
	store keep.Store // nil until it has been asked
	items keep.Items
}

// loadKept asks the store that the configuration names.
func (g *globals) loadKept(ctx context.Context, c *config.Config) (keep.Store, keep.Items, error) {
	k, err := g.newKeeper(ctx, c)
	if err != nil {
		return nil, nil, err
	}
	defer k.close()
	snapshot, err := k.store.Load(ctx)
	if err != nil {
		return nil, nil, storeError(err)
	}
	return k.store, snapshot.Items, nil
}

// read reads what stands at a location.
func (k *keptItems) read(location string, mustCertify bool) (*cert.File, error) {
	item, stored := strings.CutPrefix(location, config.StorePrefix)
	switch {
	case stored:
		return k.item(item, mustCertify)
	case mustCertify:
		return cert.Load(location)
	}
	return cert.LoadAny(location)
}

func (k *keptItems) item(item string, mustCertify bool) (*cert.File, error) {
	if err := k.ask(); err != nil {
		return nil, err
	}
	name := k.store.Name() + ": " + item
	data, there := k.items[item]
	if !there {
		return nil, usagef("'amirotate cert ensure' makes it, and so does 'amirotate refresh'; the names are those of certificate.kind and leaves",
			"cannot read %s: there is no such item", name)
	}
	parse := cert.ParseAny
	if mustCertify {
		parse = cert.Parse
	}
	file, err := parse(name, data)
	if err == nil {
		file.Kind = cert.SourceStore
	}
	return file, err
}

func (k *keptItems) ask() (err error) {
	if k.store == nil {
		k.store, k.items, err = k.load()
	}
	return err
}

// former reads what stood at a location before it was made anew, by the backups
// that were left beside it, the newest first. What is broken is left out; a store
// without files has none here.
func (k *keptItems) former(location string) ([]*cert.File, error) {
	path := k.file(location)
	if path == "" {
		return nil, nil
	}
	backups, err := store.Backups(path)
	if err != nil {
		return nil, err
	}
	var former []*cert.File
	for _, backup := range backups {
		file, err := cert.LoadAny(backup)
		switch {
		case err == nil:
			former = append(former, file)
		case errors.Is(err, fs.ErrPermission):
			return nil, fmt.Errorf("cannot tell what hosts may hold: %w", err)
		}
	}
	return former, nil
}

// formerContents are what stood at each location before.
func (k *keptItems) formerContents(locations []string) (map[string][]verify.Digests, error) {
	contents := map[string][]verify.Digests{}
	for _, location := range locations {
		former, err := k.former(location)
		if err != nil {
			return nil, err
		}
		for _, file := range former {
			contents[location] = append(contents[location], digestsOf(file))
		}
	}
	return contents, nil
}

// formerCertificates are those among what stood at a location before.
func (k *keptItems) formerCertificates(location string) ([]*cert.File, error) {
	former, err := k.former(location)
	return slices.DeleteFunc(former, func(f *cert.File) bool { return f.Leaf() == nil }), err
}

// file is the file at a location, "" if there is none on this machine.
func (k *keptItems) file(location string) string {
	item, stored := strings.CutPrefix(location, config.StorePrefix)
	switch folder, isFolder := k.store.(*store.Folder); {
	case !stored && !isURL(location):
		return location
	case stored && isFolder:
		return folder.Path(item)
	}
	return ""
}

package cli

import (
	"context"
	"strings"

	"github.com/amirotate/amirotate/internal/config"
	"github.com/amirotate/amirotate/internal/rotate"
	"github.com/amirotate/amirotate/internal/slavelist"
)

// listStore is where the slave list lies.
type listStore interface {
	rotate.ListFile
	// problems finds what would keep the list from being replaced, before hours
	// go into images that it can't name then.
	problems() []rotate.Problem
	// previous is where the bytes are kept that the list held before it was last
	// rewritten.
	previous() listStore
}

// listStore returns the store that the configuration's slave_list names.
func (g *globals) listStore(c *config.Config) (listStore, error) {
	if isURL(c.SlaveList) {
		return g.newRemoteList(c)
	}
	return listFile{path: c.SlaveList}, nil
}

// readList reads a list that has workers.
func (g *globals) readList(ctx context.Context, c *config.Config) (*slavelist.List, error) {
	store, err := g.listStore(c)
	if err != nil {
		return nil, err
	}
	data, err := store.Read(ctx)
	if err != nil {
		return nil, err
	}
	return parseList(c.SlaveList, data)
}

// parseList refuses a list that has no workers.
func parseList(name string, data []byte) (*slavelist.List, error) {
	list, err := slavelist.Parse(name, data)
	if err != nil {
		return nil, err
	}
	if len(list.Entries()) == 0 {
		return nil, usagef("name the slave-list.txt that the buildmaster reads", "cannot use the slave list %s: it has no workers", name)
	}
	return list, nil
}

// needHosts refuses a list that has no images where no static host is named.
func needHosts(c *config.Config, list *slavelist.List) error {
	if len(list.Images()) == 0 && len(c.Static) == 0 {
		return usagef("a worker that EC2 launches has ami=ami-… on its line; name the computers of others under static", "cannot use the slave list %s: none of its workers has an image", c.SlaveList)
	}
	return nil
}

func isURL(path string) bool { return strings.Contains(path, "://") }

// listPath makes a list's path on the command line absolute, but for a URL.
func (g *globals) listPath(path string) string {
	if isURL(path) {
		return path
	}
	return g.abs(path)
}

package cli

import (
	"context"
	"time"

	"github.com/amirotate/amirotate/internal/config"
	"github.com/amirotate/amirotate/internal/remote"
	"github.com/amirotate/amirotate/internal/rotate"
)

// masterEndpoint returns what reads the certificate that the master presents;
// nil if the configuration doesn't say where.
func masterEndpoint(c *config.Config, dialer *remote.Dialer, known *pinned, now func() time.Time) func(context.Context) rotate.Endpoint {
	at := c.MasterEndpoint()
	if at.Address == "" {
		return nil
	}
	return func(ctx context.Context) rotate.Endpoint {
		e := rotate.Endpoint{Address: at.Address, Presents: rotate.PresentsUnknown}
		file, err := readEndpoint(ctx, dialer, at)
		if err != nil {
			e.Problem = err.Error()
			return e
		}
		leaf := file.Certificates[0] // a server's own comes first
		e.Presents = known.pins().Presented(known.accepting(leaf))
		e.Subject, e.Pin = leaf.Subject.String(), leaf.Pin()
		e.NotAfter, e.Expired = leaf.NotAfter.UTC().Format(time.RFC3339), leaf.Expired(now())
		return e
	}
}

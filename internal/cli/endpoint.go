package cli

import (
	"context"
	"errors"
	"net"
	"time"

	"github.com/amirotate/amirotate/internal/cert"
	"github.com/amirotate/amirotate/internal/config"
	"github.com/amirotate/amirotate/internal/remote"
)

// endpointPatience bounds connecting to a TLS server and its handshake.
const endpointPatience = 30 * time.Second

// endpointDialer reaches what is behind the bastion.
func (g *globals) endpointDialer(c *config.Config) *remote.Dialer {
	return remote.NewDialer(remote.DialerOptions{
		Bastion: bastionOf(c.Bastion), Getenv: g.Getenv,
		Access: func(string) (remote.Access, error) { return remote.Access{}, errors.New("no instances are reached") },
	})
}

func readEndpoint(ctx context.Context, dialer *remote.Dialer, e config.Endpoint) (*cert.File, error) {
	ctx, cancel := context.WithTimeout(ctx, endpointPatience)
	defer cancel()
	dial := cert.DialFunc((&net.Dialer{}).DialContext)
	if e.Bastion {
		dial = dialer.DialContext
	}
	return cert.Endpoint(ctx, dial, e.Address)
}

func checkBastionGiven(c *config.Config, through bool) error {
	if through && !c.Bastion.Set() {
		return usagef("set bastion, or use --bastion user@host:port", "cannot go through the bastion: none is given")
	}
	return nil
}

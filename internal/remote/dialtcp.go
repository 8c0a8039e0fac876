package remote

import (
	"context"
	"net"
	"time"
)

// DialContext opens a TCP connection by the way that leads to instances: from
// the bastion, if there is one. It tries once.
func (d *Dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	const limit = 10 * time.Second
	return d.within(max(limit, d.opts.ConnectTimeout))(ctx, network, address)
}

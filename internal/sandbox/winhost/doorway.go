package winhost

import (
	"crypto/tls"
	"io"
	"net"

	"github.com/amirotate/amirotate/internal/sandbox/machine"
)

// doorway accepts connections for the server, but for those that a fault
// strikes, and puts TLS on them unless it is the one for plain HTTP.
type doorway struct {
	net.Listener
	computer *Computer
	plain    bool
}

func (d *doorway) Accept() (net.Conn, error) {
	for {
		conn, err := d.Listener.Accept()
		if err != nil {
			return nil, err
		}
		c := d.computer
		id, ok := c.receive(conn)
		switch {
		case !ok:
		case d.plain:
			return &link{Conn: conn, raw: conn}, nil
		default:
			return secure(conn, id), nil
		}
	}
}

// receive tells whether a connection is to be served and as whom; one that a
// fault strikes is dealt with.
func (c *Computer) receive(conn net.Conn) (id *identity, ok bool) {
	deed := c.ailment
	if deed == "" {
		deed = c.strike(machine.AtConnect)
	}
	switch deed {
	case machine.DropConnection:
		cut(conn)
	case machine.Hang:
		go swallow(conn) // until the power goes or the client does
	case machine.PowerOff:
		go c.die() // it waits for the server, and the server for us
	case machine.WrongHostKey:
		other, err := c.options.CA.issue(c.disk.identity.hostName, c.spec.Address)
		if err == nil {
			return other, true
		}
		cut(conn)
	default:
		return c.disk.identity, true
	}
	return nil, false
}

func secure(conn net.Conn, id *identity) *link {
	return &link{
		Conn: tls.Server(conn, &tls.Config{
			Certificates: []tls.Certificate{id.certificate},
			MinVersion:   tls.VersionTLS12,
			NextProtos:   []string{"http/1.1"},
		}),
		raw: conn,
		id:  id,
	}
}

// link is a connection that can be cut below TLS.
type link struct {
	net.Conn
	raw net.Conn
	id  *identity // that TLS shows; nil without TLS
}

// cut ends a connection as a power cut does, without TLS's or TCP's goodbye.
func cut(conn net.Conn) {
	if r, ok := conn.(interface{ Reset() }); ok {
		r.Reset()
		return
	}
	conn.Close()
}

// swallow reads a connection to its end and never answers.
func swallow(conn net.Conn) {
	defer conn.Close()
	_, _ = io.Copy(io.Discard, conn)
}

package cert

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strings"
)

// DialFunc connects to an address, directly or through a bastion.
type DialFunc func(ctx context.Context, network, address string) (net.Conn, error)

// Endpoint returns the certificates that a TLS server at host:port presents,
// leaf first. It trusts nobody and checks nothing: expired and unknown
// certificates are what it is for. It also speaks TLS 1.0, for old stunnels. A
// server that wants a client certificate has shown its own by then.
func Endpoint(ctx context.Context, dial DialFunc, address string) (*File, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, &Error{Name: address, Kind: KindUnreadable, Reason: "it is not host:port", Remedy: "write it as HOST:PORT, an IPv6 address in brackets", Err: err}
	}
	conn, err := dial(ctx, "tcp", address)
	if err != nil {
		return nil, &Error{Name: address, Kind: KindUnreadable, Reason: "cannot connect: " + err.Error(), Remedy: "check the address, and whether it is only reached through the bastion", Err: err}
	}
	defer conn.Close()
	chain, err := handshake(ctx, conn, address, host)
	if err != nil {
		return nil, err
	}
	file := &File{Name: address, Kind: SourceEndpoint}
	for _, der := range chain {
		c, err := ParseCertificate(der)
		if err != nil {
			return nil, &Error{Name: address, Kind: KindBroken, Reason: err.Error(), Err: err}
		}
		file.Certificates = append(file.Certificates, c)
	}
	return file, nil
}

func handshake(ctx context.Context, conn net.Conn, address, host string) ([][]byte, error) {
	var chain [][]byte
	config := &tls.Config{
		ServerName:         host,
		MinVersion:         tls.VersionTLS10, // it reads a certificate and sends nothing
		CipherSuites:       allSuites(),
		InsecureSkipVerify: true, // the certificate is read, not trusted
		VerifyPeerCertificate: func(raw [][]byte, _ [][]*x509.Certificate) error {
			chain = raw
			return nil
		},
	}
	err := tls.Client(conn, config).HandshakeContext(ctx)
	if len(chain) > 0 {
		return chain, nil
	}
	e := &Error{Name: address, Kind: KindUnreadable, Reason: fmt.Sprintf("no TLS handshake: %v", err), Err: err}
	var record tls.RecordHeaderError
	switch {
	case errors.As(err, &record):
		e.Remedy = "the port does not speak TLS"
	case err != nil && strings.Contains(err.Error(), "failed to parse certificate"):
		e.Remedy = "read it with: openssl s_client -showcerts -connect HOST:PORT"
	}
	return nil, e
}

// allSuites are the usual and the weak ones: a server is asked for its
// certificate, not for secrecy.
func allSuites() []uint16 {
	var ids []uint16
	for _, s := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
		ids = append(ids, s.ID)
	}
	return ids
}

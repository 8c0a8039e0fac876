package rotate_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"sync/atomic"
	"testing"
	"time"
)

// identity is a certificate with its key.
type identity struct {
	tls tls.Certificate
	pem string
	key string // PKCS#8 in PEM
}

func newIdentity(t *testing.T, name string, from, to time.Time) identity {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), NotBefore: from, NotAfter: to, Subject: pkix.Name{CommonName: name}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return identity{
		key: string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})),
		tls: tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key},
		pem: string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
	}
}

// master is a TLS server as stunnel before a buildmaster is: it presents one
// certificate, which may be exchanged.
type master struct {
	address  string
	presents atomic.Pointer[tls.Certificate]
	// restartedFrom reads what it was last restarted with; nil for presents.
	restartedFrom func() (tls.Certificate, error)
}

func newMaster(t *testing.T, first identity) *master {
	t.Helper()
	m := &master{}
	m.presents.Store(&first.tls)
	config := &tls.Config{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return m.pair() }}
	l, err := tls.Listen("tcp", "127.0.0.1:0", config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	m.address = l.Addr().String()
	go m.serve(l)
	return m
}

func (m *master) serve(l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer conn.Close()
			_ = conn.(*tls.Conn).Handshake()
		}()
	}
}

func (m *master) pair() (*tls.Certificate, error) {
	if m.restartedFrom == nil {
		return m.presents.Load(), nil
	}
	pair, err := m.restartedFrom()
	return &pair, err
}

func (m *master) present(i identity) { m.presents.Store(&i.tls) }

var errNotPinned = errors.New("the master's certificate is not pinned, or has expired")

// meet is what a worker's stunnel with verify = 3 does with that CAfile: a TLS
// handshake that is good only if the very certificate which the master presents
// stands in the file, and is valid at the time.
func (m *master) meet(caFile []byte, at time.Time) error {
	pinned := pinnedIn(caFile)
	config := &tls.Config{InsecureSkipVerify: true, VerifyPeerCertificate: func(raw [][]byte, _ [][]*x509.Certificate) error {
		for _, c := range pinned {
			if string(c.Raw) == string(raw[0]) && !at.Before(c.NotBefore) && !at.After(c.NotAfter) {
				return nil
			}
		}
		return errNotPinned
	}}
	conn, err := tls.Dial("tcp", m.address, config)
	if err != nil {
		return err
	}
	return conn.Close()
}

func pinnedIn(caFile []byte) []*x509.Certificate {
	var all []*x509.Certificate
	for {
		block, rest := pem.Decode(caFile)
		if block == nil {
			return all
		}
		if c, err := x509.ParseCertificate(block.Bytes); err == nil {
			all = append(all, c)
		}
		caFile = rest
	}
}

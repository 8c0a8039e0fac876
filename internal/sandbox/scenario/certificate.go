package scenario

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"
)

// certificate reads the two certificates, or makes what is left out: an old one
// that ended yesterday, a new one for ten years.
func (c *checker) certificate() {
	s := c.s
	if s.Certificate.Old != "" {
		s.OldCert = c.readPEM("$.certificate.old", s.Certificate.Old)
	}
	if s.Certificate.New != "" {
		s.NewCert = c.readPEM("$.certificate.new", s.Certificate.New)
	}
	if s.Certificate.OldKey != "" {
		s.OldKey = c.readPEM("$.certificate.old_key", s.Certificate.OldKey)
	}
	if s.Certificate.NewKey != "" {
		s.NewKey = c.readPEM("$.certificate.new_key", s.Certificate.NewKey)
	}
	now := time.Now().UTC().Truncate(time.Second)
	if s.OldCert == nil {
		old, key, err := makeCertificate(s.NewCert, now.AddDate(-3, 0, -1), now.AddDate(0, 0, -1))
		if err != nil {
			c.add("$.certificate", "cannot make an old certificate: %v", err)
		}
		s.OldCert, s.OldKey = old, key
	}
	if s.NewCert == nil {
		var err error
		if s.NewCert, s.NewKey, err = makeCertificate(s.OldCert, now.AddDate(0, 0, -1), now.AddDate(10, 0, -1)); err != nil {
			c.add("$.certificate", "cannot make a new certificate: %v", err)
		}
	}
}

// readPEM does not insist on a certificate: a scenario may be about a bad one.
func (c *checker) readPEM(at, name string) []byte {
	text, err := c.read(name)
	if err != nil {
		c.add(at, "cannot read %s: %v; name a PEM file relative to the scenario, or leave it out and one is made", name, err)
		return []byte{}
	}
	return text
}

// makeCertificate makes a self-signed RSA certificate with the subject of the
// certificate in like, if there is one.
func makeCertificate(like []byte, from, to time.Time) (cert, key []byte, err error) {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, nil, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 63))
	if err != nil {
		return nil, nil, err
	}
	keyID := sha1.Sum(x509.MarshalPKCS1PublicKey(&private.PublicKey))
	template := &x509.Certificate{
		SerialNumber: serial, NotBefore: from, NotAfter: to, SubjectKeyId: keyID[:], AuthorityKeyId: keyID[:],
		BasicConstraintsValid: true, IsCA: true, SignatureAlgorithm: x509.SHA256WithRSA,
	}
	template.Subject.CommonName = "buildbot"
	if block, _ := pem.Decode(like); block != nil {
		if old, err := x509.ParseCertificate(block.Bytes); err == nil {
			template.RawSubject = old.RawSubject
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		return nil, nil, err
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return nil, nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}), nil
}

func (c *checker) makePublicKey(at string) string {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		c.add(at, "cannot make a key pair: %v", err)
		return ""
	}
	key, err := ssh.NewPublicKey(&private.PublicKey)
	if err != nil {
		c.add(at, "cannot make a key pair: %v", err)
		return ""
	}
	return string(ssh.MarshalAuthorizedKey(key))
}

// slaveList reads the list, or makes one with a worker for each image.
func (c *checker) slaveList() {
	if c.s.SlaveListPath != "" {
		text, err := c.read(c.s.SlaveListPath)
		if err != nil {
			c.add("$.slave_list", "cannot read %s: %v; name a list relative to the scenario, or leave it out and one is made", c.s.SlaveListPath, err)
		}
		c.s.SlaveList = text
		return
	}
	var list bytes.Buffer
	for i, im := range c.s.Images {
		fmt.Fprintf(&list, "worker%d %s ami=%s instance_type=c3.2xlarge max_builds=1\n", i+1, strings.Repeat("0", 20), im.ID)
	}
	for _, s := range c.s.Static {
		for _, worker := range s.Workers {
			fmt.Fprintf(&list, "%s %s max_builds=1\n", worker, strings.Repeat("0", 20))
		}
	}
	c.s.SlaveList = list.Bytes()
}

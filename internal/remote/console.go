package remote

import (
	"bufio"
	"bytes"
	"context"
	"crypto/md5"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net"
	"regexp"
	"strings"
	"sync"

	"golang.org/x/crypto/ssh"
)

// consoleKeys takes the keys that an instance printed to its console at its
// first boot, as cloud-init and Amazon Linux do.
type consoleKeys struct {
	read func(ctx context.Context) (string, error)
	pace *pace

	mu    sync.Mutex
	shown printedKeys
}

func (c *consoleKeys) algorithms(string) ([]string, error) { return nil, nil }

// verify asks for the console until it shows host keys, and once more if the
// key is not among them: it may be that of a server that was still about to be
// restarted with the new keys when the console was read.
func (c *consoleKeys) verify(ctx context.Context, address string, _ net.Addr, key ssh.PublicKey) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.shown.complete && c.shown.has(key) {
		return nil
	}
	for {
		if err := c.pace.wait(ctx); err != nil {
			return temporaryf("the image may not print host keys: set host_key to known_hosts or accept-new",
				"the console output does not show the host keys yet")
		}
		text, err := c.read(ctx)
		if err != nil {
			return &fault{err: fmt.Errorf("cannot read the console output: %w", err), final: IsFinal(err)}
		}
		c.shown = parseConsole(text)
		switch {
		case c.shown.has(key):
			return nil
		case c.shown.complete:
			return finalf("something else may be answering at its address: find out before going on",
				"the host key %s that %s shows is not one that the instance printed to its console (%s)",
				fingerprint(key), address, c.shown)
		}
	}
}

// printedKeys are the host keys that a console showed.
type printedKeys struct {
	sha256, md5 map[string]bool // fingerprints: SHA256:base64; hex pairs with colons
	complete    bool            // a block came to its end
}

func (p printedKeys) has(key ssh.PublicKey) bool {
	return p.sha256[ssh.FingerprintSHA256(key)] || p.md5[ssh.FingerprintLegacyMD5(key)]
}

func (p printedKeys) String() string {
	var all []string
	for f := range p.sha256 {
		all = append(all, f)
	}
	for f := range p.md5 {
		all = append(all, "MD5:"+f)
	}
	return strings.Join(all, ", ")
}

var (
	blockBegin = regexp.MustCompile(`-----BEGIN SSH HOST KEY (FINGERPRINTS|KEYS)-----`)
	blockEnd   = regexp.MustCompile(`-----END SSH HOST KEY (FINGERPRINTS|KEYS)-----`)
	md5Print   = regexp.MustCompile(`(?:^|[\s:])((?:[0-9a-f]{2}:){15}[0-9a-f]{2})(?:\s|$)`)
	sha256Sum  = regexp.MustCompile(`SHA256:[A-Za-z0-9+/]{43}`)
	publicKey  = regexp.MustCompile(`(?:ssh-(?:rsa|dss|ed25519)|ecdsa-sha2-nistp\d+)\s+(AAAA[A-Za-z0-9+/]+=*)`)
)

// parseConsole reads the blocks of host keys and of their fingerprints, whatever
// stands before each line (a time, "ec2: ", a syslog tag). Outside the blocks
// nothing counts: consoles also show the fingerprints of authorized keys. Of
// several blocks of one kind the last one counts, being of the last boot.
func parseConsole(text string) printedKeys {
	last := map[string]printedKeys{}
	var block *printedKeys
	lines := bufio.NewScanner(strings.NewReader(text))
	lines.Buffer(nil, len(text)+1)
	for lines.Scan() {
		line := lines.Text()
		switch {
		case blockBegin.MatchString(line):
			block = &printedKeys{sha256: map[string]bool{}, md5: map[string]bool{}}
		case block == nil:
		case blockEnd.MatchString(line):
			block.complete = true
			last[blockEnd.FindStringSubmatch(line)[1]] = *block
			block = nil
		default:
			block.readLine(line)
		}
	}
	return union(last)
}

func union(blocks map[string]printedKeys) printedKeys {
	all := printedKeys{sha256: map[string]bool{}, md5: map[string]bool{}}
	for _, b := range blocks {
		for f := range b.sha256 {
			all.sha256[f] = true
		}
		for f := range b.md5 {
			all.md5[f] = true
		}
	}
	all.complete = len(all.sha256)+len(all.md5) > 0
	return all
}

func (p *printedKeys) readLine(line string) {
	if m := sha256Sum.FindString(line); m != "" {
		p.sha256[m] = true
	}
	if m := md5Print.FindStringSubmatch(line); m != nil {
		p.md5[m[1]] = true
	}
	m := publicKey.FindStringSubmatch(line)
	if m == nil {
		return
	}
	if blob, err := base64.StdEncoding.DecodeString(m[1]); err == nil {
		p.addBlob(blob)
	}
}

// addBlob adds the fingerprints of a whole public key.
func (p *printedKeys) addBlob(blob []byte) {
	sum := sha256.Sum256(blob)
	p.sha256["SHA256:"+base64.RawStdEncoding.EncodeToString(sum[:])] = true
	old := md5.Sum(blob)
	pairs := make([][]byte, len(old))
	for i, b := range old {
		pairs[i] = []byte(hex.EncodeToString([]byte{b}))
	}
	p.md5[string(bytes.Join(pairs, []byte(":")))] = true
}

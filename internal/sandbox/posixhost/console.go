package posixhost

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"
)

// consoleSize is how much of its end EC2 keeps of a console's output.
const consoleSize = 64 << 10

// console is what a computer writes to its serial port.
type console struct {
	mu   sync.Mutex
	text []byte
}

func (c *console) printf(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.text = fmt.Appendf(c.text, format, args...)
	if extra := len(c.text) - consoleSize; extra > 0 {
		c.text = append(c.text[:0], c.text[extra:]...)
	}
}

func (c *console) bytes() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]byte(nil), c.text...)
}

// kernel writes the first lines of a boot.
func (c *console) kernel(hostname string) {
	c.printf("[    0.000000] Linux version 3.13.0-57-generic (buildd@brownie) #95-Ubuntu SMP Fri Jun 19 09:28:15 UTC 2015\r\n")
	c.printf("[    0.000000] Command line: root=LABEL=cloudimg-rootfs ro console=hvc0\r\n")
	c.printf("[    1.402117] EXT4-fs (xvda1): mounted filesystem with ordered data mode. Opts: (null)\r\n")
	c.printf("cloud-init[%d]: Cloud-init v. 0.7.5 running 'init' on %s\r\n", 641, hostname)
}

// keys writes what cloud-init's write-ssh-key-fingerprints and keys-to-console
// write at an instance's first boot.
func (c *console) keys(hostname string, keys hostKeys) {
	line := strings.Repeat("#", 61)
	c.printf("ec2: \r\nec2: %s\r\nec2: -----BEGIN SSH HOST KEY FINGERPRINTS-----\r\n", line)
	for _, key := range keys {
		bits, kind := describeKey(key.PublicKey())
		c.printf("ec2: %d %s root@%s (%s)\r\n", bits, ssh.FingerprintSHA256(key.PublicKey()), hostname, kind)
	}
	c.printf("ec2: -----END SSH HOST KEY FINGERPRINTS-----\r\nec2: %s\r\n", line)
	c.printf("-----BEGIN SSH HOST KEY KEYS-----\r\n")
	for _, key := range keys {
		text := strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key.PublicKey())))
		c.printf("%s root@%s\r\n", text, hostname)
	}
	c.printf("-----END SSH HOST KEY KEYS-----\r\n")
}

func describeKey(key ssh.PublicKey) (bits int, kind string) {
	if key.Type() == ssh.KeyAlgoED25519 {
		return 256, "ED25519"
	}
	return 256, "ECDSA"
}

// ready writes a boot's last lines.
func (c *console) ready(hostname string, boot time.Duration, now time.Time) {
	c.printf("cloud-init[%d]: Cloud-init v. 0.7.5 finished at %s. Up %.2f seconds\r\n",
		988, now.UTC().Format(time.RFC1123Z), boot.Seconds())
	c.printf("\r\nUbuntu 14.04.2 LTS %s hvc0\r\n\r\n%s login: ", hostname, hostname)
}

package winhost

import (
	"fmt"
	"hash/fnv"
	"strings"
	"sync"
	"time"
)

// consoleSize is what EC2 keeps of a console, in bytes.
const consoleSize = 64 << 10

// console is the newest of what a computer printed to its serial port.
type console struct {
	mu   sync.Mutex
	text []byte
}

// print adds a line in the manner of EC2Launch.
func (c *console) print(at time.Time, format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.text = fmt.Appendf(c.text, "%s: %s\r\n", at.UTC().Format("2006/01/02 15:04:05Z"), fmt.Sprintf(format, args...))
	if extra := len(c.text) - consoleSize; extra > 0 {
		c.text = append([]byte(nil), c.text[extra:]...)
	}
}

func (c *console) bytes() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]byte(nil), c.text...)
}

// announce prints what EC2Launch v2 prints when Windows has come up. The
// certificate is shown at the first boot only, when it is made.
func (c *Computer) announce() {
	now := c.options.Clock.Now()
	console := c.disk.console
	console.print(now, "Launch: EC2 Launch v2.2.63")
	console.print(now, "AMI-ID: %s", c.spec.ImageID)
	console.print(now, "Instance-ID: %s", c.spec.InstanceID)
	console.print(now, "HOSTNAME: %s", c.disk.identity.hostName)
	if c.spec.FirstBoot {
		console.print(now, "RDPCERTIFICATE-SUBJECTNAME: %s", c.disk.identity.hostName)
		console.print(now, "RDPCERTIFICATE-THUMBPRINT: %s", c.disk.identity.thumbprint())
	}
	console.print(now, "Message: Windows is Ready to use")
}

// hostName is the name that EC2 gives a Windows computer, of 15 characters.
func hostName(instanceID string) string {
	h := fnv.New64a()
	h.Write([]byte(instanceID))
	const letters = "ABCDEFGHJKLMNPQRSTUVWXYZ0123456789"
	var name strings.Builder
	name.WriteString("EC2AMAZ-")
	for sum, i := h.Sum64(), 0; i < 7; i++ {
		name.WriteByte(letters[sum%uint64(len(letters))])
		sum /= uint64(len(letters))
	}
	return name.String()
}

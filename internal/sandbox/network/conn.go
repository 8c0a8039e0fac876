package network

import (
	"net"
	"net/netip"
	"sync"
	"time"
)

// Conn is one end of a connection. It implements net.Conn with half-close
// (CloseWrite, as *net.TCPConn) and the cuts that faults need.
type Conn struct {
	local, remote netip.AddrPort
	in, out       *stream
	readBy        deadline
	writeBy       deadline
	once          sync.Once
	forget        func() // takes the connection out of its computer's table; may be nil
}

// pair returns the two ends of a new connection.
func pair(a, b netip.AddrPort, latency time.Duration) (*Conn, *Conn) {
	there, back := newStream(latency), newStream(latency)
	return &Conn{local: a, remote: b, in: back, out: there, readBy: newDeadline(), writeBy: newDeadline()},
		&Conn{local: b, remote: a, in: there, out: back, readBy: newDeadline(), writeBy: newDeadline()}
}

func (c *Conn) Read(p []byte) (int, error) {
	n, err := c.in.read(p, &c.readBy)
	return n, c.opError("read", err)
}

func (c *Conn) Write(p []byte) (int, error) {
	n, err := c.out.write(p, &c.writeBy)
	return n, c.opError("write", err)
}

// CloseWrite sends the end of the stream; reading goes on.
func (c *Conn) CloseWrite() error {
	c.out.finish()
	return nil
}

// Close ends both directions. What was written still arrives; what the other
// end writes from now on fails with EPIPE.
func (c *Conn) Close() error {
	c.out.finish()
	c.in.abandon()
	c.ended()
	return nil
}

// Reset cuts the connection at once, as a power cut or a middlebox does: both
// ends fail with ECONNRESET, and bytes on their way are lost.
func (c *Conn) Reset() {
	c.in.reset()
	c.out.reset()
	c.ended()
}

// CutAfter resets the connection when this end has read exactly n bytes more.
func (c *Conn) CutAfter(n int64) {
	c.in.cutAfter(n, c.Reset)
}

func (c *Conn) ended() {
	c.once.Do(func() {
		if c.forget != nil {
			c.forget()
		}
	})
}

// LocalAddr returns a *net.TCPAddr.
func (c *Conn) LocalAddr() net.Addr { return net.TCPAddrFromAddrPort(c.local) }

// RemoteAddr returns a *net.TCPAddr.
func (c *Conn) RemoteAddr() net.Addr { return net.TCPAddrFromAddrPort(c.remote) }

// SetDeadline is as net.Conn says, and frees calls that are blocked already; so
// do SetReadDeadline and SetWriteDeadline.
func (c *Conn) SetDeadline(t time.Time) error {
	c.readBy.set(t)
	c.writeBy.set(t)
	return nil
}

// SetReadDeadline sets the deadline of reads alone.
func (c *Conn) SetReadDeadline(t time.Time) error {
	c.readBy.set(t)
	return nil
}

// SetWriteDeadline sets the deadline of writes alone.
func (c *Conn) SetWriteDeadline(t time.Time) error {
	c.writeBy.set(t)
	return nil
}

// opError dresses an error as net's connections do; io.EOF stays bare.
func (c *Conn) opError(op string, err error) error {
	if err == nil || isEOF(err) {
		return err
	}
	return &net.OpError{Op: op, Net: "tcp", Source: c.LocalAddr(), Addr: c.RemoteAddr(), Err: err}
}

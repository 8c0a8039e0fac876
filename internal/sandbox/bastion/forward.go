package bastion

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"sync"
	"syscall"

	"golang.org/x/crypto/ssh"
)

// target is the payload of a direct-tcpip request (RFC 4254, section 7.2).
type target struct {
	Host       string
	Port       uint32
	OriginHost string
	OriginPort uint32
}

// forward connects a direct-tcpip channel to the network and copies until both
// directions have ended.
func (b *Bastion) forward(ctx context.Context, request ssh.NewChannel) {
	to, err := parseTarget(request.ExtraData())
	if err != nil {
		request.Reject(ssh.ConnectionFailed, err.Error())
		return
	}
	dialCtx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	conn, err := b.options.Network.Dial(dialCtx, b.options.From, b.options.Groups, to)
	if err != nil {
		request.Reject(ssh.ConnectionFailed, reason(err))
		return
	}
	defer conn.Close()
	channel, requests, err := request.Accept()
	if err != nil {
		return
	}
	defer channel.Close()
	go func() {
		ssh.DiscardRequests(requests) // until the client has closed the channel
		conn.Close()
	}()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	splice(channel, conn)
}

func parseTarget(payload []byte) (netip.AddrPort, error) {
	var t target
	if err := ssh.Unmarshal(payload, &t); err != nil {
		return netip.AddrPort{}, errors.New("malformed request")
	}
	addr, err := netip.ParseAddr(t.Host)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("%s: Name or service not known", t.Host)
	}
	if t.Port == 0 || t.Port > 65535 {
		return netip.AddrPort{}, fmt.Errorf("port %d is none", t.Port)
	}
	return netip.AddrPortFrom(addr.Unmap(), uint16(t.Port)), nil
}

// reason words a failed connection as OpenSSH's server does.
func reason(err error) string {
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "Connection refused"
	case errors.Is(err, syscall.ETIMEDOUT):
		return "Connection timed out"
	}
	return err.Error()
}

// splice copies both ways, passing on the end of each direction, and returns
// when both have ended. A reset of the connection ends the channel at once.
func splice(channel ssh.Channel, conn net.Conn) {
	var wg sync.WaitGroup
	wg.Go(func() {
		if _, err := io.Copy(conn, channel); err != nil {
			channel.Close()
		}
		if half, ok := conn.(interface{ CloseWrite() error }); ok {
			half.CloseWrite()
		}
	})
	wg.Go(func() {
		if _, err := io.Copy(channel, conn); err != nil {
			channel.Close()
			return
		}
		channel.CloseWrite()
	})
	wg.Wait()
}

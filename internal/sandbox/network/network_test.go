package network

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/amirotate/amirotate/internal/sandbox/machine"
)

var (
	bastion = netip.MustParseAddr("127.66.0.10")
	host    = netip.MustParseAddr("127.66.1.20")
)

func open(ports ...int) func() []machine.Group {
	g := machine.Group{ID: "sg-1"}
	for _, p := range ports {
		g.Ingress = append(g.Ingress, machine.Rule{
			FromPort: p, ToPort: p, Prefixes: []netip.Prefix{netip.PrefixFrom(bastion, 32)},
		})
	}
	return func() []machine.Group { return []machine.Group{g} }
}

func attach(t *testing.T, n *Network, groups func() []machine.Group) *Computer {
	t.Helper()
	c, err := n.Attach(host, groups)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Detach)
	return c
}

func listen(t *testing.T, c *Computer, port uint16) net.Listener {
	t.Helper()
	l, err := c.Listen(port)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// connected returns the client's and the server's end.
func connected(t *testing.T, n *Network) (net.Conn, *Conn) {
	t.Helper()
	l := listen(t, attach(t, n, open(22)), 22)
	client, err := n.Dial(t.Context(), bastion, nil, netip.AddrPortFrom(host, 22))
	if err != nil {
		t.Fatal(err)
	}
	server, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	return client, server.(*Conn)
}

func TestDialFailures(t *testing.T) {
	n := New()
	listen(t, attach(t, n, open(22, 5986)), 22)
	tests := []struct {
		name string
		from netip.Addr
		to   string
		want error
	}{
		{"closed port", bastion, "127.66.1.20:5986", syscall.ECONNREFUSED},
		{"port outside the group, though nothing listens", bastion, "127.66.1.20:80", syscall.ETIMEDOUT},
		{"address outside the group", netip.MustParseAddr("127.66.0.11"), "127.66.1.20:22", syscall.ETIMEDOUT},
		{"no such computer", bastion, "127.66.9.9:22", syscall.ETIMEDOUT},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 120*time.Millisecond)
			defer cancel()
			start := time.Now()
			_, err := n.Dial(ctx, tt.from, nil, netip.MustParseAddrPort(tt.to))
			if !errors.Is(err, tt.want) {
				t.Fatalf("error %v, want %v", err, tt.want)
			}
			dropped := tt.want == syscall.ETIMEDOUT
			if waited := time.Since(start) >= 120*time.Millisecond; waited != dropped {
				t.Errorf("waited for the deadline: %v, want %v", waited, dropped)
			}
		})
	}
}

func TestGroups(t *testing.T) {
	rule := func(r machine.Rule) []machine.Group {
		return []machine.Group{{ID: "a"}, {ID: "b", Ingress: []machine.Rule{r}}}
	}
	anyone := []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0")}
	tests := []struct {
		name       string
		rule       machine.Rule
		fromGroups []string
		want       bool
	}{
		{"all ports, anyone", machine.Rule{FromPort: 0, ToPort: 65535, Prefixes: anyone}, nil, true},
		{"range's lower end", machine.Rule{FromPort: 22, ToPort: 30, Prefixes: anyone}, nil, true},
		{"range's upper end", machine.Rule{FromPort: 20, ToPort: 22, Prefixes: anyone}, nil, true},
		{"range above", machine.Rule{FromPort: 23, ToPort: 30, Prefixes: anyone}, nil, false},
		{"member of the group", machine.Rule{FromPort: 22, ToPort: 22, GroupIDs: []string{"sg-b"}}, []string{"sg-a", "sg-b"}, true},
		{"member of another", machine.Rule{FromPort: 22, ToPort: 22, GroupIDs: []string{"sg-c"}}, []string{"sg-a"}, false},
		{"no source", machine.Rule{FromPort: 22, ToPort: 22}, []string{"sg-a"}, false},
	}
	for _, tt := range tests {
		if got := admits(rule(tt.rule), bastion, tt.fromGroups, 22); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestDroppedDialSucceedsOnceOpened(t *testing.T) {
	n := New()
	var mu sync.Mutex
	groups := []machine.Group(nil)
	l := listen(t, attach(t, n, func() []machine.Group {
		mu.Lock()
		defer mu.Unlock()
		return groups
	}), 22)
	defer l.Close()
	time.AfterFunc(80*time.Millisecond, func() {
		mu.Lock()
		defer mu.Unlock()
		groups = open(22)()
	})
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if _, err := n.Dial(ctx, bastion, nil, netip.AddrPortFrom(host, 22)); err != nil {
		t.Fatal(err)
	}
}

func TestTransferWithHalfClose(t *testing.T) {
	for _, latency := range []time.Duration{0, 2 * time.Millisecond} {
		client, server := connected(t, New(WithLatency(latency)))
		want := make([]byte, 3*window+17)
		for i := range want {
			want[i] = byte(rand.IntN(256))
		}
		go func() {
			client.Write(want)
			client.(*Conn).CloseWrite()
		}()
		got, err := io.ReadAll(server)
		if err != nil || !bytes.Equal(got, want) {
			t.Fatalf("read %d bytes, %v; want %d", len(got), err, len(want))
		}
		if _, err := server.Write([]byte("answer")); err != nil {
			t.Fatal("half-closed connection does not answer:", err)
		}
		server.Close()
		if answer, err := io.ReadAll(client); string(answer) != "answer" || err != nil {
			t.Fatalf("answer %q, %v", answer, err)
		}
	}
}

func TestCutAfterIsExact(t *testing.T) {
	for _, cut := range []int64{0, 1, 999, 1000} {
		client, server := connected(t, New())
		server.CutAfter(cut)
		go client.Write(make([]byte, 5000))
		got, err := io.ReadAll(server)
		if int64(len(got)) != cut || !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("cut after %d: read %d bytes, %v", cut, len(got), err)
		}
		if _, err := client.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("cut after %d: client read: %v", cut, err)
		}
	}
}

func TestDetachEndsEverything(t *testing.T) {
	n := New()
	c := attach(t, n, open(22))
	l := listen(t, c, 22)
	client, err := n.Dial(t.Context(), bastion, nil, netip.AddrPortFrom(host, 22))
	if err != nil {
		t.Fatal(err)
	}
	server, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	queued, err := n.Dial(t.Context(), bastion, nil, netip.AddrPortFrom(host, 22))
	if err != nil {
		t.Fatal(err)
	}
	ends := make(chan error, 4)
	for _, conn := range []net.Conn{client, server, queued} {
		go func() { _, err := conn.Read(make([]byte, 1)); ends <- err }()
	}
	go func() { _, _ = l.Accept(); _, err := l.Accept(); ends <- err }()
	time.Sleep(10 * time.Millisecond)
	c.Detach()
	c.Detach()
	for range 4 {
		select {
		case err := <-ends:
			if !errors.Is(err, syscall.ECONNRESET) && !errors.Is(err, net.ErrClosed) {
				t.Errorf("ended with %v", err)
			}
		case <-time.After(2 * time.Second):
			t.Fatal("something outlived the computer")
		}
	}
	if _, err := n.Attach(host, open(22)); err != nil {
		t.Error("address is not free after Detach:", err)
	}
}

func TestDeadlines(t *testing.T) {
	client, server := connected(t, New())
	client.SetReadDeadline(time.Now().Add(30 * time.Millisecond))
	if _, err := client.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatal("read:", err)
	}
	client.SetReadDeadline(time.Time{})
	go server.Write([]byte("x"))
	if _, err := client.Read(make([]byte, 1)); err != nil {
		t.Fatal("read after the deadline was lifted:", err)
	}
	time.AfterFunc(30*time.Millisecond, func() { client.SetDeadline(time.Unix(1, 0)) })
	if n, err := client.Write(make([]byte, 2*window)); !errors.Is(err, os.ErrDeadlineExceeded) || n != window {
		t.Fatalf("blocked write: %d bytes, %v", n, err)
	}
	server.Close()
	client.SetDeadline(time.Time{})
	if _, err := client.Write([]byte("x")); !errors.Is(err, syscall.EPIPE) {
		t.Fatal("write to a closed end:", err)
	}
}

func TestManyConnections(t *testing.T) {
	n := New()
	l := listen(t, attach(t, n, open(22)), 22)
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() { io.Copy(conn, conn); conn.Close() }()
		}
	}()
	var wg sync.WaitGroup
	for i := range 300 {
		wg.Go(func() {
			conn, err := n.Dial(t.Context(), bastion, nil, netip.AddrPortFrom(host, 22))
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			want := bytes.Repeat([]byte{byte(i)}, 1000)
			conn.Write(want)
			conn.(*Conn).CloseWrite()
			if got, err := io.ReadAll(conn); err != nil || !bytes.Equal(got, want) {
				t.Errorf("connection %d: %d bytes, %v", i, len(got), err)
			}
		})
	}
	wg.Wait()
}

package statichost

import (
	"context"
	"io"
	"net"
	"sync"
)

// door is a port on loopback that leads to a host of the network.
type door struct {
	listener net.Listener
	ctx      context.Context // ends with the door
	shut     context.CancelFunc
	serving  sync.WaitGroup
}

// openDoor listens at an address, any free port of loopback if it is "". The
// door of a host that is down accepts nothing: who knocks gets no answer, and
// nobody else can take the port.
func openDoor(address string, dial func(context.Context) (net.Conn, error), down bool) (*door, error) {
	if address == "" {
		address = "127.0.0.1:0"
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	d := &door{listener: l}
	d.ctx, d.shut = context.WithCancel(context.Background())
	if !down {
		d.serving.Go(func() { d.acceptAll(dial) })
	}
	return d, nil
}

func (d *door) acceptAll(dial func(context.Context) (net.Conn, error)) {
	for {
		outside, err := d.listener.Accept()
		if err != nil {
			return
		}
		d.serving.Go(func() { d.lead(outside, dial) })
	}
}

// lead carries a connection both ways until both are done, or the door is shut.
func (d *door) lead(outside net.Conn, dial func(context.Context) (net.Conn, error)) {
	defer outside.Close()
	inside, err := dial(d.ctx)
	if err != nil {
		return
	}
	defer inside.Close()
	stop := context.AfterFunc(d.ctx, func() {
		outside.Close()
		inside.Close()
	})
	defer stop()
	var both sync.WaitGroup
	both.Go(func() { carry(inside, outside) })
	both.Go(func() { carry(outside, inside) })
	both.Wait()
}

// carry copies until the source ends, and passes the end on; a source that was
// cut off cuts the other side off.
func carry(to, from net.Conn) {
	_, err := io.Copy(to, from)
	if half, ok := to.(interface{ CloseWrite() error }); ok && err == nil {
		_ = half.CloseWrite() // the other side may be gone already
		return
	}
	to.Close()
}

func (d *door) close() error {
	d.shut()
	err := d.listener.Close()
	d.serving.Wait()
	return err
}

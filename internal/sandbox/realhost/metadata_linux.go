package realhost

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"
)

// metadata is the instance metadata service: it knows who asks by the address
// that the question comes from.
type metadata struct {
	server *http.Server
	served sync.WaitGroup

	mu    sync.Mutex
	about map[netip.Addr]Config
}

func serveMetadata(l net.Listener) *metadata {
	m := &metadata{about: map[netip.Addr]Config{}}
	routes := http.NewServeMux()
	routes.HandleFunc("GET /latest/user-data", m.answer(func(c Config) []byte { return c.UserData }))
	routes.HandleFunc("GET /latest/meta-data/local-ipv4", m.answer(func(c Config) []byte { return []byte(c.Address.String()) }))
	routes.HandleFunc("GET /latest/meta-data/instance-id", m.answer(func(c Config) []byte { return []byte(c.InstanceID) }))
	routes.HandleFunc("GET /latest/meta-data/ami-id", m.answer(func(c Config) []byte { return []byte(c.ImageID) }))
	m.server = &http.Server{Handler: routes, ReadHeaderTimeout: time.Minute, ErrorLog: log.New(io.Discard, "", 0)}
	m.served.Go(func() { _ = m.server.Serve(l) }) // ends with ErrServerClosed
	return m
}

// answer serves one item; what a host doesn't have is not found, as on EC2.
func (m *metadata) answer(item func(Config) []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		from, err := netip.ParseAddrPort(r.RemoteAddr)
		m.mu.Lock()
		c, known := m.about[from.Addr()]
		m.mu.Unlock()
		if err != nil || !known || len(item(c)) == 0 {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/plain")
		_, _ = w.Write(item(c)) // who hung up needs no answer
	}
}

func (m *metadata) set(c Config) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.about[c.Address] = c
}

func (m *metadata) forget(a netip.Addr) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.about, a)
}

func (m *metadata) close() error {
	err := m.server.Shutdown(context.Background())
	m.served.Wait()
	return err
}

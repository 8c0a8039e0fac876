package winrm

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/bodgit/ntlmssp"
)

// maxAnswer bounds one HTTP response, in bytes. Servers keep to MaxEnvelopeSize,
// which is much less.
const maxAnswer = 8 << 20

const soapType = "application/soap+xml;charset=UTF-8"

// transport posts SOAP messages over one connection at a time.
type transport struct {
	options  Options
	url      string
	verifier *verifier
	client   *http.Client

	mu       sync.Mutex               // one request at a time; guards what follows
	loggedIn bool                     // NTLM: the connection is authenticated
	session  *ntlmssp.SecuritySession // over HTTP: what encrypts on that connection
}

func newTransport(o Options) (*transport, error) {
	host, _, err := net.SplitHostPort(o.Address)
	if err != nil {
		return nil, err
	}
	v, err := newVerifier(o.TLS, host)
	if err != nil {
		return nil, err
	}
	scheme := "http"
	if o.HTTPS {
		scheme = "https"
	}
	t := &transport{options: o, url: scheme + "://" + o.Address + "/wsman", verifier: v}
	t.client = &http.Client{
		Transport: &http.Transport{
			DialContext:           t.dial,
			DialTLSContext:        t.dialTLS,
			MaxConnsPerHost:       1, // NTLM authenticates a connection
			MaxIdleConnsPerHost:   1,
			DisableCompression:    true,
			ResponseHeaderTimeout: o.AnswerTimeout,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return t, nil
}

// dial connects.
func (t *transport) dial(ctx context.Context, network, address string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, t.options.ConnectTimeout)
	defer cancel()
	return t.options.Dial(ctx, network, address)
}

// dialTLS connects and verifies. Nothing is sent to a server that was not.
func (t *transport) dialTLS(ctx context.Context, network, address string) (net.Conn, error) {
	timed, cancel := context.WithTimeout(ctx, t.options.ConnectTimeout)
	defer cancel()
	raw, err := t.options.Dial(timed, network, address)
	if err != nil {
		return nil, err
	}
	conn := tls.Client(raw, &tls.Config{
		ServerName:         t.verifier.name,
		InsecureSkipVerify: true, //nolint:gosec // the verifier below does it, by more than authorities
		MinVersion:         tls.VersionTLS12,
	})
	if err := conn.HandshakeContext(timed); err != nil {
		raw.Close()
		return nil, err
	}
	// The console may take longer than a connection should, so this is bounded
	// by the request's context alone.
	if err := t.verifier.verify(ctx, conn.ConnectionState().PeerCertificates); err != nil {
		raw.Close()
		return nil, err
	}
	return conn, nil
}

// post sends a message and returns the answer's body. A SOAP fault is a *Fault;
// other errors are classified or plain, for dress.
func (t *transport) post(ctx context.Context, message string) ([]byte, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for attempt := 0; ; attempt++ {
		wasLoggedIn := t.loggedIn
		resp, err := t.send(ctx, message)
		if err != nil {
			return nil, t.lost(ctx, err)
		}
		body, err := t.drain(resp)
		if err == nil && t.session != nil && resp.StatusCode != http.StatusUnauthorized {
			body, err = t.unseal(resp, body)
		}
		if err != nil {
			return nil, t.lost(ctx, err)
		}
		// The server may have closed an idle connection, and with it the login.
		if resp.StatusCode == http.StatusUnauthorized && wasLoggedIn && attempt == 0 {
			t.loggedIn, t.session = false, nil
			continue
		}
		t.loggedIn = t.options.Auth == NTLM && resp.StatusCode != http.StatusUnauthorized
		if !t.loggedIn {
			t.session = nil
		}
		return t.judge(resp, body)
	}
}

// send makes one request, logging in first where the connection needs it.
func (t *transport) send(ctx context.Context, message string) (*http.Response, error) {
	if t.options.Auth == NTLM && !t.loggedIn {
		return t.logIn(ctx, message)
	}
	if t.session != nil {
		return t.sendSealed(ctx, message)
	}
	if !t.options.HTTPS {
		return nil, kindf(Unsealed, "there is no session to encrypt with")
	}
	req, err := t.request(ctx, []byte(message), soapType)
	if err != nil {
		return nil, err
	}
	if t.options.Auth == Basic {
		req.SetBasicAuth(t.options.User, t.options.Password)
	}
	return t.client.Do(req)
}

func (t *transport) request(ctx context.Context, body []byte, contentType string) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, t.url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", contentType)
	req.Header.Set("User-Agent", "amirotate")
	return req, nil
}

// unseal decrypts an answer, after which it is one like any other.
func (t *transport) unseal(resp *http.Response, body []byte) ([]byte, error) {
	plain, err := open(t.session, resp.Header, body)
	if plain != nil {
		resp.Header.Set("Content-Type", soapType)
	}
	return plain, err
}

// drain reads a response to its end, so that the connection can be used again.
// One that stops midway is given up like one that never comes.
func (t *transport) drain(resp *http.Response) ([]byte, error) {
	defer resp.Body.Close()
	silence := time.AfterFunc(t.options.AnswerTimeout, func() { resp.Body.Close() })
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	switch inTime := silence.Stop(); {
	case err != nil && !inTime:
		return nil, kindf(Unreachable, "the answer did not end within %s", t.options.AnswerTimeout)
	case err != nil:
		return nil, err
	}
	if len(body) > maxAnswer {
		return nil, kindf(Nonsense, "the answer is larger than %d bytes", maxAnswer)
	}
	return body, nil
}

// judge sorts answers by their HTTP status.
func (t *transport) judge(resp *http.Response, body []byte) ([]byte, error) {
	isSOAP := strings.Contains(resp.Header.Get("Content-Type"), "application/soap+xml") && len(bytes.TrimSpace(body)) > 0
	switch {
	case resp.StatusCode == http.StatusUnauthorized:
		return nil, kindf(Denied, "%s authentication of %s failed (the server offers %s)",
			t.options.Auth, t.options.User, schemes(resp.Header))
	case isSOAP:
		if fault := faultIn(body); fault != nil {
			fault.Status = resp.StatusCode
			return nil, fault
		}
		if resp.StatusCode == http.StatusOK {
			return body, nil
		}
	case resp.StatusCode == http.StatusOK:
		return nil, kindf(Nonsense, "the answer is no SOAP message (%q)", resp.Header.Get("Content-Type"))
	}
	if resp.StatusCode >= 500 {
		return nil, kindf(Unavailable, "HTTP status %s", resp.Status)
	}
	return nil, kindf(Nonsense, "HTTP status %s", resp.Status)
}

// lost classifies a request that got no answer.
func (t *transport) lost(ctx context.Context, err error) error {
	t.loggedIn, t.session = false, nil
	t.client.CloseIdleConnections()
	if ctx.Err() != nil {
		return ended(ctx)
	}
	var c *classified
	if errors.As(err, &c) {
		return c
	}
	// A time-out of ours while the context goes on is the server's silence.
	var timeout interface{ Timeout() bool }
	if errors.As(err, &timeout) && timeout.Timeout() {
		return kindf(Unreachable, "no answer in time: %w", err)
	}
	return kindf(Unreachable, "%w", err)
}

func (t *transport) close() { t.client.CloseIdleConnections() }

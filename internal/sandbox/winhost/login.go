package winhost

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"net"
	"net/http"
	"strings"
)

// login is who a connection has proved to be. The server handles one request of
// a connection at a time, so it needs no lock.
type login struct {
	conn     *link
	exchange *ntlmExchange // an NTLM login on its way
	done     bool          // NTLM: the connection is logged in
	sealing  *sealing      // over HTTP, once the connection is logged in
}

type loginKey struct{}

func withLogin(ctx context.Context, conn net.Conn) context.Context {
	l, _ := conn.(*link)
	return context.WithValue(ctx, loginKey{}, &login{conn: l})
}

func loginOf(r *http.Request) *login {
	l, _ := r.Context().Value(loginKey{}).(*login)
	return l
}

// admit tells whether the request may go on. If not, it has been answered.
func (c *Computer) admit(w http.ResponseWriter, r *http.Request, l *login) bool {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	switch {
	case scheme == "" && l.done:
		return true
	case strings.EqualFold(scheme, "Basic") && l.conn.id != nil:
		user, password, ok := r.BasicAuth()
		if ok && c.isUser(user) && subtle.ConstantTimeCompare([]byte(password), []byte(c.options.Password)) == 1 {
			return true
		}
	case strings.EqualFold(scheme, "Negotiate"), strings.EqualFold(scheme, "NTLM"):
		message, err := base64.StdEncoding.DecodeString(token)
		if err != nil {
			break
		}
		if challenge := c.negotiate(l, message); challenge != nil {
			w.Header().Set("WWW-Authenticate", scheme+" "+base64.StdEncoding.EncodeToString(challenge))
			refuse(w)
			return false
		}
		if l.done {
			return true
		}
	}
	w.Header().Add("WWW-Authenticate", "Negotiate")
	if l.conn.id != nil {
		w.Header().Add("WWW-Authenticate", `Basic realm="WSMAN"`)
	}
	refuse(w)
	return false
}

func refuse(w http.ResponseWriter) {
	w.Header().Set("Content-Length", "0")
	w.WriteHeader(http.StatusUnauthorized)
}

// negotiate goes a step on in an NTLM login: it returns the challenge, or nil
// when it is over, well or not.
func (c *Computer) negotiate(l *login, message []byte) (challenge []byte) {
	if isNegotiate(message) {
		l.done, l.sealing = false, nil
		l.exchange = newNTLMExchange(c.disk.identity.hostName, message)
		return l.exchange.challenge
	}
	exchange := l.exchange
	l.exchange = nil
	if exchange == nil {
		return nil
	}
	key, flags, ok := exchange.verify(message, c.isUser, c.options.Password, l.conn.id.bindingHash())
	l.done = ok
	if ok && l.conn.id == nil {
		l.sealing = newSealing(key, flags)
		l.done = l.sealing != nil
	}
	return nil
}

// isUser tells whether that is the administrator's name. A domain before it is
// taken for the computer's own.
func (c *Computer) isUser(name string) bool {
	if _, local, ok := strings.Cut(name, `\`); ok {
		name = local
	}
	user := c.spec.User
	if user == "" {
		user = "Administrator"
	}
	return strings.EqualFold(name, user)
}

package ec2api

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/amirotate/amirotate/internal/sandbox/clock"
	"github.com/amirotate/amirotate/internal/sandbox/ec2state"
	"github.com/amirotate/amirotate/internal/sandbox/iam"
	"github.com/amirotate/amirotate/internal/sandbox/scenario"
)

// Faults decides whether a call goes wrong: it returns one of EC2's codes, one
// of package scenario's special errors, or "" for nothing. It is asked once a
// call.
type Faults interface {
	Call(action string) string
}

// Options are what a Server needs.
type Options struct {
	State     *ec2state.State
	Clock     *clock.Clock
	Faults    Faults
	AccessKey string        // the only access key id that is accepted
	Latency   time.Duration // simulated time that a call takes
	Throttle  bool          // EC2's documented token buckets
	// Policy returns what the caller may do, nil for everything.
	Policy func() *iam.Policy
	Log    io.Writer // gets a line for each call, in one Write
}

// Server answers EC2's calls.
type Server struct {
	opts    Options
	state   *ec2state.State
	throt   *throttle
	log     *callLog
	actions map[string]action
}

// New returns a Server. It needs no Close.
func New(opts Options) *Server {
	return &Server{
		opts: opts, state: opts.State, throt: newThrottle(opts.Throttle, opts.Clock), log: newCallLog(opts.Log, opts.Clock),
		actions: actions(),
	}
}

// maxBody bounds a request's body, in bytes.
const maxBody = 1 << 20

// call is one request.
type call struct {
	*Server
	ctx       context.Context
	action    string
	service   string // ec2 or sts
	version   string
	params    url.Values
	requestID string
}

// ServeHTTP answers a call. What a call does is done even if its client is gone.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := &call{Server: s, ctx: context.WithoutCancel(r.Context()), requestID: newRequestID(), service: "ec2"}
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	if err := r.ParseForm(); err != nil {
		c.fail(w, ec2state.Refuse("MalformedQueryString", "The query string contains a syntax error: %v", err))
		return
	}
	c.params, c.action, c.version = r.Form, r.Form.Get("Action"), r.Form.Get("Version")
	if c.version == stsVersion {
		c.service = "sts"
	}
	began := s.opts.Clock.Elapsed()
	deed := s.opts.Faults.Call(c.action)
	response, err := c.answer(r.Header.Get("Authorization"), deed)
	s.opts.Clock.Sleep(c.ctx, s.opts.Latency-(s.opts.Clock.Elapsed()-began)) // c.ctx never ends
	s.log.add(c, began, deed, r.UserAgent(), err)
	switch {
	case deed == scenario.Reset || deed == scenario.LostResponse:
		cut(w)
	case err != nil:
		c.fail(w, err)
	default:
		c.succeed(w, response)
	}
}

// answer carries the call out, unless something keeps it from it.
func (c *call) answer(authorization, deed string) (any, error) {
	if deed == scenario.Reset {
		return nil, ec2state.Refuse(scenario.Reset, "")
	}
	if err := c.authenticate(authorization); err != nil {
		return nil, err
	}
	a, ok := c.actions[c.action]
	if !ok || a.service != c.service {
		return nil, c.unknownAction()
	}
	if err := c.throt.take(c.action, c.params); err != nil {
		return nil, err
	}
	if err := c.authorize(); err != nil {
		return nil, err
	}
	if isCode(deed) {
		return nil, faultError(deed, c.params)
	}
	response, err := a.run(c)
	if err == nil && strings.EqualFold(c.params.Get("DryRun"), "true") {
		return nil, ec2state.DryRunOperation() // a call that changes something refused by itself before it did
	}
	if err == nil {
		c.afterwards(deed, response)
	}
	return response, err
}

func (c *call) unknownAction() error {
	if c.action == "" {
		return missingParameter("Action")
	}
	return ec2state.Refuse("InvalidAction", "The action %s is not valid for this web service.", c.action)
}

// maker is a response that names what the call made.
type maker interface{ made() []string }

// hiddenLooks is for how many calls a created resource is not to be seen.
const hiddenLooks = 2

// afterwards lets a fault strike what a call made.
func (c *call) afterwards(deed string, response any) {
	m, ok := response.(maker)
	if !ok {
		return
	}
	for _, id := range m.made() {
		switch deed {
		case scenario.NotFoundAfterCreate:
			c.state.Hide(id, hiddenLooks)
		case scenario.ImageFails:
			c.state.DoomImage(id)
		case scenario.InstanceDies:
			c.state.DoomInstance(id)
		}
	}
}

// cut ends the connection without an answer, with a reset.
func cut(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // HTTP/2 cannot be hijacked; this cuts the stream
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		tcp.SetLinger(0) // or the client sees an orderly end, which will do
	}
	conn.Close()
}

func newRequestID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails
	h := hex.EncodeToString(b[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// refusal turns any error into EC2's.
func refusal(err error) *ec2state.Error {
	if e, ok := errors.AsType[*ec2state.Error](err); ok {
		return e
	}
	return &ec2state.Error{Code: "InternalError", Message: err.Error(), Status: 500}
}

package ssmapi

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/amirotate/amirotate/internal/sandbox/clock"
	"github.com/amirotate/amirotate/internal/sandbox/iam"
	"github.com/amirotate/amirotate/internal/sandbox/scenario"
)

// Faults decides whether a call goes wrong: it returns one of AWS's codes,
// scenario.Reset, scenario.LostResponse or "" for nothing. It is asked once a
// call.
type Faults interface {
	Call(action string) string
}

// Options are what a Server needs.
type Options struct {
	Region    string
	Account   string // 12 digits
	Clock     *clock.Clock
	Faults    Faults
	AccessKey string        // the only access key id that is accepted
	Latency   time.Duration // simulated time that a call takes
	// Policy returns what the caller may do, nil for everything.
	Policy func() *iam.Policy
	Log    io.Writer // gets a line for each call, in one Write
}

// Server answers Parameter Store's calls.
type Server struct {
	opts       Options
	parameters *parameters
	actions    map[string]action
}

// action answers a call; body is JSON.
type action func(s *Server, body []byte) (any, error)

// New returns a Server without parameters. It needs no Close.
func New(opts Options) *Server {
	s := &Server{opts: opts}
	s.parameters = newParameters("arn:aws:ssm:"+opts.Region+":"+opts.Account+":parameter", opts.Clock)
	s.actions = map[string]action{
		"DeleteParameter":     with((*parameters).delete),
		"DeleteParameters":    with((*parameters).deleteAll),
		"DescribeParameters":  with((*parameters).describe),
		"GetParameter":        with((*parameters).get),
		"GetParameterHistory": with((*parameters).history),
		"GetParameters":       with((*parameters).getAll),
		"GetParametersByPath": with((*parameters).byPath),
		"PutParameter":        with((*parameters).put),
	}
	return s
}

// with decodes a request before it is answered.
func with[T any](answer func(*parameters, *T) (any, error)) action {
	return func(s *Server, body []byte) (any, error) {
		request := new(T)
		if err := json.Unmarshal(body, request); err != nil {
			return nil, refuse("SerializationException", "")
		}
		s.parameters.mu.Lock()
		defer s.parameters.mu.Unlock()
		return answer(s.parameters, request)
	}
}

const targetPrefix = "AmazonSSM."

// Serves tells whether a request is for Systems Manager: all services of the
// sandbox have one endpoint.
func Serves(r *http.Request) bool {
	return strings.HasPrefix(r.Header.Get("X-Amz-Target"), targetPrefix)
}

// maxBody bounds a request's body, in bytes.
const maxBody = 1 << 20

// ServeHTTP answers a call. What a call does is done even if its client is gone.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := s.opts.Clock.Elapsed()
	name := strings.TrimPrefix(r.Header.Get("X-Amz-Target"), targetPrefix)
	deed := s.opts.Faults.Call(name)
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var response any
	if err == nil {
		response, err = s.answer(name, r.Header.Get("Authorization"), deed, body)
	}
	ctx := context.WithoutCancel(r.Context())
	_ = s.opts.Clock.Sleep(ctx, s.opts.Latency-(s.opts.Clock.Elapsed()-began)) // ctx never ends
	s.log(name, began, deed, r.UserAgent(), body, err)
	if isCut(deed) {
		cut(w)
		return
	}
	reply(w, response, err)
}

func isCut(deed string) bool { return deed == scenario.Reset || deed == scenario.LostResponse }

// answer carries the call out, unless something keeps it from it.
func (s *Server) answer(name, authorization, deed string, body []byte) (any, error) {
	if deed == scenario.Reset {
		return nil, refuse(scenario.Reset, "")
	}
	if err := s.authenticate(authorization); err != nil {
		return nil, err
	}
	do, ok := s.actions[name]
	if !ok {
		return nil, refuse("UnknownOperationException", "")
	}
	if err := s.authorize(name, body); err != nil {
		return nil, err
	}
	if deed != "" && deed != scenario.LostResponse {
		return nil, faultError(deed, name)
	}
	return do(s, body)
}

// authenticate looks at a Signature Version 4 header: whose key, and for which
// region and service. The signature itself is not checked.
func (s *Server) authenticate(authorization string) error {
	fields, isV4 := strings.CutPrefix(authorization, "AWS4-HMAC-SHA256 ")
	var scope []string
	for part := range strings.SplitSeq(fields, ",") {
		if credential, ok := strings.CutPrefix(strings.TrimSpace(part), "Credential="); ok {
			scope = strings.Split(credential, "/")
		}
	}
	switch {
	case !isV4 || !strings.Contains(fields, "Signature="):
		return refuse("MissingAuthenticationTokenException", "Missing Authentication Token")
	case len(scope) != 5 || scope[4] != "aws4_request":
		return refuse("IncompleteSignatureException", "Credential must have exactly 5 slash-delimited elements.")
	case scope[0] != s.opts.AccessKey:
		return refuse("UnrecognizedClientException", "The security token included in the request is invalid.")
	case scope[2] != s.opts.Region:
		return refuse("InvalidSignatureException", "Credential should be scoped to a valid region.")
	case scope[3] != "ssm":
		return refuse("InvalidSignatureException", "Credential should be scoped to correct service: 'ssm'.")
	}
	return nil
}

func reply(w http.ResponseWriter, response any, err error) {
	status := http.StatusOK
	if err != nil {
		e := asError(err)
		status, response = e.status, map[string]string{"__type": e.code, "message": e.message}
		if e.message == "" {
			delete(response.(map[string]string), "message")
		}
	}
	text, err := json.Marshal(response)
	if err != nil {
		status, text = http.StatusInternalServerError, []byte(`{"__type":"InternalServerError"}`)
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	w.Header().Set("X-Amzn-Requestid", requestID())
	w.WriteHeader(status)
	_, _ = w.Write(text) // a client that is gone misses nothing
}

func requestID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails
	h := hex.EncodeToString(b[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// cut ends the connection without an answer, with a reset.
func cut(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // HTTP/2 cannot be hijacked; this cuts the stream
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // or the client sees an orderly end, which will do
	}
	_ = conn.Close()
}

package ec2ops

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

const (
	// firstPatience is how long a call may take as long as no call was ever
	// answered. Describe calls, which come first, take a second or two.
	firstPatience = 10 * time.Second
	// mostMisses is how often nobody, or somebody else, may answer before it is
	// plain that there is no EC2: an address is wrong, a network is not there.
	mostMisses = 4
)

// contact knows whether EC2 has ever answered. A run that has begun waits for
// minutes until EC2 is back; one that never reached it ends within one.
type contact struct {
	patience time.Duration
	made     atomic.Bool
	misses   atomic.Int32
}

func newContact(attempt time.Duration) *contact {
	return &contact{patience: min(attempt, firstPatience)}
}

// hopeless tells that EC2 was never reached, and that an error is one more sign
// that it can't be.
func (c *contact) hopeless(err error) bool {
	return !c.made.Load() && isMiss(err) && c.misses.Load() >= mostMisses
}

// add has every attempt of a client noted, and every answer looked at.
func (c *contact) add(stack *middleware.Stack) error {
	err := stack.Finalize.Insert(middleware.FinalizeMiddlewareFunc("AmirotateContact", c.attempt), "Retry", middleware.After)
	if err != nil {
		return err
	}
	return stack.Deserialize.Add(middleware.DeserializeMiddlewareFunc("AmirotateAnswer", refuseStranger), middleware.After)
}

func (c *contact) attempt(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
	limited := ctx
	if !c.made.Load() {
		var cancel context.CancelFunc
		limited, cancel = context.WithTimeout(ctx, c.patience)
		defer cancel()
	}
	out, metadata, err := next.HandleFinalize(limited, in)
	if err != nil && limited.Err() != nil && ctx.Err() == nil {
		err = &silence{hostOf(in.Request), c.patience}
	}
	switch {
	case err == nil || isAnswer(err):
		c.made.Store(true)
	case isMiss(err):
		c.misses.Add(1)
	}
	return out, metadata, err
}

// silence is that nobody has answered in time.
type silence struct {
	host  string
	after time.Duration
}

func (s *silence) Error() string { return fmt.Sprintf("no answer from %s within %v", s.host, s.after) }

func hostOf(request any) string {
	if r, ok := request.(*smithyhttp.Request); ok && r.URL != nil {
		return r.URL.Host
	}
	return "the endpoint"
}

// stranger is an answer of something that is not EC2: a proxy, a page to log in
// to some network, another server. The SDK would take it for an empty result.
type stranger struct {
	host, kind string // its address, the Content-Type it gave
	status     int
}

func (s *stranger) Error() string {
	kind := s.kind
	if kind == "" {
		kind = "nothing"
	}
	return fmt.Sprintf("%s answers, but not as EC2 does (HTTP %d, %s)", s.host, s.status, kind)
}

// isAnswer tells whether an error is what EC2 itself has said.
func isAnswer(err error) bool {
	var answer smithy.APIError
	return errors.As(err, &answer) && !saysNothing(answer)
}

// saysNothing tells that a refusal has none of EC2's codes.
func saysNothing(answer smithy.APIError) bool {
	return answer.ErrorCode() == "" || answer.ErrorCode() == "UnknownError"
}

// isMiss tells whether an error may mean that there is no EC2 at all. A
// connection that is cut was one.
func isMiss(err error) bool {
	var (
		silent  *silence
		other   *stranger
		dns     *net.DNSError
		notTLS  tls.RecordHeaderError
		badCert *tls.CertificateVerificationError
		slow    net.Error
	)
	return errors.As(err, &silent) || errors.As(err, &other) || errors.As(err, &dns) || errors.As(err, &notTLS) ||
		errors.As(err, &badCert) || errors.Is(err, syscall.ECONNREFUSED) || errors.As(err, &slow) && slow.Timeout()
}

// refuseStranger looks at the beginning of what is to be taken for a result.
func refuseStranger(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
	out, metadata, err := next.HandleDeserialize(ctx, in)
	answer, isHTTP := out.RawResponse.(*smithyhttp.Response)
	if err != nil || !isHTTP || answer.StatusCode/100 != 2 {
		return out, metadata, err
	}
	body := bufio.NewReader(answer.Body)
	head, err := body.Peek(512)
	if (err == nil || errors.Is(err, io.EOF)) && !isResponse(head) {
		return out, metadata, strangerOf(answer.Response)
	}
	answer.Body = struct {
		io.Reader
		io.Closer
	}{body, answer.Body}
	return out, metadata, nil
}

func strangerOf(r *http.Response) *stranger {
	s := &stranger{host: "the endpoint", kind: r.Header.Get("Content-Type"), status: r.StatusCode}
	if r.Request != nil && r.Request.URL != nil {
		s.host = r.Request.URL.Host
	}
	return s
}

// rootOfResponse is the root element of every result of EC2's, such as
// <DescribeImagesResponse>.
var rootOfResponse = regexp.MustCompile(`^\s*(<\?xml[^>]*>\s*)?<[A-Za-z]+Response[\s/>]`)

func isResponse(head []byte) bool {
	return rootOfResponse.Match(bytes.TrimPrefix(head, []byte("\ufeff")))
}

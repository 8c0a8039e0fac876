package ec2ops

import (
	"context"
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go"

	"github.com/amirotate/amirotate/internal/awsenv"
	"github.com/amirotate/amirotate/internal/cloud"
)

const (
	maxAttempts = 10
	maxBackoff  = 20 // in units of PollMin
)

// retryer is the SDK's standard one (full jitter, exponential, capped), with
// four differences. It keeps to EC2's own buckets, which are per action, so that
// nothing is refused for rate: see bucket. It has no quota of retries, which a
// thousand throttled launches would use up. And it knows which of EC2's 500s are
// answers rather than accidents. And it ends soon where there is no EC2: see contact.
type retryer struct {
	*retry.Standard
	pace      *paces
	reached   *contact
	throttles retry.IsErrorThrottles
	log       func(string, ...any)
}

func newRetryer(o Options, second time.Duration, reached *contact) *retryer {
	return &retryer{
		Standard: retry.NewStandard(func(so *retry.StandardOptions) {
			so.MaxAttempts = maxAttempts
			so.RateLimiter = ratelimit.None
			so.Backoff = retry.BackoffDelayerFunc(func(attempt int, _ error) (time.Duration, error) {
				return backoff(o.PollMin, attempt, rand.Float64()), nil
			})
			so.Retryables = append([]retry.IsErrorRetryable{retry.IsErrorRetryableFunc(retryable)}, so.Retryables...)
		}),
		pace:      newPaces(second),
		reached:   reached,
		throttles: retry.DefaultThrottles,
		log:       o.Log,
	}
}

// backoff is the delay before attempt+1: a random part of unit·2^attempt, at
// most maxBackoff units.
func backoff(unit time.Duration, attempt int, random float64) time.Duration {
	units := math.Min(math.Pow(2, float64(attempt-1)), maxBackoff)
	return time.Duration(random * units * float64(unit))
}

// retryable decides what the SDK's rules don't know.
func retryable(err error) aws.Ternary {
	var cred *awsenv.CredentialsError
	if errors.As(err, &cred) {
		return aws.FalseTernary
	}
	var answer smithy.APIError
	if errors.As(err, &answer) {
		switch codeKind(answer.ErrorCode(), answer.ErrorMessage()) {
		case cloud.Capacity, cloud.UnsupportedCall: // sent with status 500 and 501
			return aws.FalseTernary
		}
		return aws.UnknownTernary
	}
	var (
		silent *silence
		other  *stranger
	)
	if errors.As(err, &silent) || errors.As(err, &other) {
		return aws.TrueTernary
	}
	if errors.Is(err, io.ErrUnexpectedEOF) { // the answer was cut off; every call of ours may be made again
		return aws.TrueTernary
	}
	return aws.UnknownTernary
}

// IsErrorRetryable tells whether the same call again may be answered.
func (r *retryer) IsErrorRetryable(err error) bool {
	return r.Standard.IsErrorRetryable(err) && !r.reached.hopeless(err)
}

// GetAttemptToken waits until the action may be called again.
func (r *retryer) GetAttemptToken(ctx context.Context) (func(error) error, error) {
	action := awsmiddleware.GetOperationName(ctx)
	p := r.pace.of(action)
	sent, err := p.wait(turnOf(ctx), resourcesOf(ctx))
	if err != nil {
		return nil, &aws.RequestCanceledError{Err: err}
	}
	return func(err error) error {
		p.answered(sent)
		switch {
		case err == nil:
			p.succeeded()
		case r.throttles.IsErrorThrottle(err).Bool():
			p.throttled(sent)
		}
		if err != nil && r.IsErrorRetryable(err) {
			r.log("%s failed and may be tried again: %v", action, err)
		}
		return nil
	}, nil
}

// GetInitialToken is the deprecated half of the interface; the SDK calls
// GetAttemptToken instead.
func (r *retryer) GetInitialToken() func(error) error {
	return func(error) error { return nil }
}

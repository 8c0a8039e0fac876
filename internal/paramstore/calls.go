package paramstore

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/aws/smithy-go"

	"github.com/amirotate/amirotate/internal/awsenv"
	"github.com/amirotate/amirotate/internal/cloud"
)

// newRetryer is the SDK's standard one, with delays in proportion to a unit. It
// also tries again where another writer was in the way.
func newRetryer(unit time.Duration) aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		const attempts, most = 6, 8 // about 15 units in all
		o.MaxAttempts = attempts
		o.RateLimiter = ratelimit.None
		o.Backoff = retry.BackoffDelayerFunc(func(attempt int, _ error) (time.Duration, error) {
			units := math.Min(math.Pow(2, float64(attempt-1)), most)
			return time.Duration((0.5 + rand.Float64()/2) * units * float64(unit)), nil
		})
		o.Retryables = append(o.Retryables, retry.RetryableErrorCode{Codes: map[string]struct{}{"TooManyUpdates": {}}})
	})
}

// value is a parameter's.
type value struct {
	text    string
	kind    types.ParameterType
	version int64
}

// get reads a parameter, decrypted; id is NAME or NAME:VERSION. Only what SSM
// says not to exist is not found.
func (s *Store) get(ctx context.Context, id string) (v value, found bool, err error) {
	out, err := s.api.GetParameter(ctx, &ssm.GetParameterInput{Name: &id, WithDecryption: aws.Bool(true)})
	switch {
	case codeOf(err) == "ParameterNotFound", codeOf(err) == "ParameterVersionNotFound":
		return value{}, false, nil
	case err != nil:
		return value{}, false, failure("read parameter", id, err)
	case out.Parameter == nil || out.Parameter.Value == nil:
		return value{}, false, &cloud.Error{Kind: cloud.Unavailable, Op: "read parameter", ID: id, Message: "the answer holds no value"}
	}
	return value{*out.Parameter.Value, out.Parameter.Type, out.Parameter.Version}, true, nil
}

// put writes a parameter; create refuses, with taken, one that exists. The tier
// is the cheapest that holds the value.
func (s *Store) put(ctx context.Context, name string, v value, kmsKey string, create bool) (version int64, taken bool, err error) {
	in := &ssm.PutParameterInput{Name: &name, Value: &v.text, Type: v.kind, Overwrite: aws.Bool(!create), Tier: types.ParameterTierIntelligentTiering}
	if v.kind == types.ParameterTypeSecureString {
		in.KeyId = pointer(kmsKey)
	}
	out, err := s.api.PutParameter(ctx, in)
	switch {
	case create && codeOf(err) == "ParameterAlreadyExists":
		return 0, true, nil
	case err != nil:
		return 0, false, failure("write parameter", name, err)
	}
	return out.Version, false, nil
}

// remove deletes parameters; that one is gone already is no error.
func (s *Store) remove(ctx context.Context, names []string) error {
	const most = 10 // a call
	for len(names) > 0 {
		n := min(most, len(names))
		if _, err := s.api.DeleteParameters(ctx, &ssm.DeleteParametersInput{Names: names[:n]}); err != nil {
			return failure("delete parameter", names[0], err)
		}
		names = names[n:]
	}
	return nil
}

// describe returns what SSM knows of all parameters of the store but their
// values, by name.
func (s *Store) describe(ctx context.Context) (map[string]types.ParameterMetadata, error) {
	found := map[string]types.ParameterMetadata{}
	pages := ssm.NewDescribeParametersPaginator(s.api, &ssm.DescribeParametersInput{
		ParameterFilters: []types.ParameterStringFilter{{Key: aws.String("Name"), Option: aws.String("BeginsWith"), Values: []string{s.prefix()}}},
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, failure("describe parameters", s.prefix()+"*", err)
		}
		for _, p := range page.Parameters {
			found[aws.ToString(p.Name)] = p
		}
	}
	return found, nil
}

func codeOf(err error) string {
	var answer smithy.APIError
	if errors.As(err, &answer) {
		return answer.ErrorCode()
	}
	return ""
}

// kinds are what SSM's codes mean to us.
// Source: Systems Manager API reference, common errors and errors of
// GetParameter and PutParameter.
func kindOf(code string) cloud.Kind {
	switch code {
	case "AccessDeniedException", "AccessDenied", "OptInRequired", "NotAuthorized":
		return cloud.Denied
	case "ThrottlingException", "Throttling", "TooManyUpdates", "RequestLimitExceeded":
		return cloud.Throttled
	case "UnrecognizedClientException", "ExpiredTokenException", "InvalidSignatureException", "InvalidClientTokenId",
		"MissingAuthenticationToken", "MissingAuthenticationTokenException", "IncompleteSignature", "IncompleteSignatureException", "RequestExpired":
		return cloud.Credentials
	case "ParameterLimitExceeded":
		return cloud.Quota
	case "InternalServerError", "InternalFailure", "ServiceUnavailable":
		return cloud.Unavailable
	case "ValidationException", "InvalidKeyId", "ParameterMaxVersionLimitExceeded", "ParameterVersionNotFound", "UnsupportedParameterType":
		return cloud.Invalid
	}
	return cloud.Unknown
}

// failure makes the error of a call.
func failure(op, id string, err error) error {
	e := &cloud.Error{Kind: cloud.Unavailable, Op: op, ID: id, Err: err}
	var (
		answer smithy.APIError
		cred   *awsenv.CredentialsError
		status interface{ HTTPStatusCode() int }
	)
	switch {
	case errors.Is(err, context.Canceled):
		e.Kind, e.Message = cloud.InterruptedCall, "interrupted"
	case errors.As(err, &cred):
		e.Kind, e.Message = cloud.Credentials, "no usable AWS credentials: "+cred.Error()
	case errors.As(err, &answer):
		e.Code, e.Message, e.Kind = answer.ErrorCode(), answer.ErrorMessage(), kindOf(answer.ErrorCode())
		if e.Kind == cloud.Unknown && errors.As(err, &status) && status.HTTPStatusCode() >= http.StatusInternalServerError {
			e.Kind = cloud.Unavailable
		}
	case errors.Is(err, context.DeadlineExceeded):
		e.Message = "no answer in time: " + last(err)
	default:
		e.Message = "no usable answer: " + last(err)
	}
	return e
}

// last is an error without the SDK's layers.
func last(err error) string {
	var op *smithy.OperationError
	if errors.As(err, &op) {
		return op.Err.Error()
	}
	return err.Error()
}

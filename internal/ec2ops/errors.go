package ec2ops

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/amirotate/amirotate/internal/awsenv"
	"github.com/amirotate/amirotate/internal/cloud"
)

// kindOfCode is what each of EC2's codes means to us; codeKind adds the families.
// Source: EC2 API reference, "Error codes for the Amazon EC2 API".
var kindOfCode = map[string]cloud.Kind{
	"InvalidAMIName.Duplicate":     cloud.NameTaken,
	"IdempotentParameterMismatch":  cloud.TokenMismatch,
	"IdempotentInstanceTerminated": cloud.TokenMismatch,

	"UnauthorizedOperation":   cloud.Denied,
	"AccessDenied":            cloud.Denied,
	"AccessDeniedException":   cloud.Denied,
	"OptInRequired":           cloud.Denied,
	"PendingVerification":     cloud.Denied,
	"Blocked":                 cloud.Denied,
	"OperationNotPermitted":   cloud.Denied,
	"NotAuthorized":           cloud.Denied,
	"UnauthorizedException":   cloud.Denied,
	"InvalidAMIID.NotAllowed": cloud.Denied,

	"AuthFailure":                 cloud.Credentials, // see authFailureKind
	"ExpiredToken":                cloud.Credentials,
	"ExpiredTokenException":       cloud.Credentials,
	"RequestExpired":              cloud.Credentials,
	"InvalidClientTokenId":        cloud.Credentials,
	"UnrecognizedClientException": cloud.Credentials,
	"SignatureDoesNotMatch":       cloud.Credentials,
	"IncompleteSignature":         cloud.Credentials,
	"MissingAuthenticationToken":  cloud.Credentials,
	"InvalidSecurityToken":        cloud.Credentials,
	"InvalidAccessKeyId":          cloud.Credentials,

	"InsufficientInstanceCapacity":         cloud.Capacity,
	"InsufficientReservedInstanceCapacity": cloud.Capacity,
	"InsufficientHostCapacity":             cloud.Capacity,
	"InsufficientCapacity":                 cloud.Capacity,
	"InsufficientCapacityOnHost":           cloud.Capacity,
	"InsufficientAddressCapacity":          cloud.Capacity,
	"InsufficientVolumeCapacity":           cloud.Capacity,
	"InsufficientFreeAddressesInSubnet":    cloud.Capacity,
	"ReservationCapacityExceeded":          cloud.Capacity,
	"UnfulfillableCapacity":                cloud.Capacity,
	"SpotMaxPriceTooLow":                   cloud.Capacity,

	"MaxSpotInstanceCountExceeded": cloud.Quota,
	"ResourceCountExceeded":        cloud.Quota,
	"AMIQuotaExceeded":             cloud.Quota,

	"RequestLimitExceeded":         cloud.Throttled,
	"BandwidthLimitExceeded":       cloud.Throttled,
	"ResourceRequestLimitExceeded": cloud.Throttled,
	"PriorRequestNotComplete":      cloud.Throttled,
	"SlowDown":                     cloud.Throttled,
	"TooManyRequestsException":     cloud.Throttled,

	"IncorrectState":             cloud.WrongState,
	"IncorrectInstanceState":     cloud.WrongState,
	"IncorrectSpotRequestState":  cloud.WrongState,
	"IncorrectModificationState": cloud.WrongState,
	"InvalidState":               cloud.WrongState,
	"InvalidAMIID.Unavailable":   cloud.WrongState,
	"DependencyViolation":        cloud.WrongState,

	"InternalError":          cloud.Unavailable,
	"InternalFailure":        cloud.Unavailable,
	"Unavailable":            cloud.Unavailable,
	"ServiceUnavailable":     cloud.Unavailable,
	"RequestTimeout":         cloud.Unavailable,
	"UnknownRegion":          cloud.UnknownRegion,
	"InvalidRegion":          cloud.UnknownRegion,
	"InvalidAction":          cloud.UnsupportedCall,
	"UnknownOperation":       cloud.UnsupportedCall,
	"NotImplemented":         cloud.UnsupportedCall,
	"UnsupportedOperation":   cloud.Invalid,
	"Unsupported":            cloud.Invalid, // see codeKind
	"ValidationError":        cloud.Invalid,
	"UnknownParameter":       cloud.Invalid,
	"MalformedQueryString":   cloud.Invalid,
	"MissingParameter":       cloud.Invalid,
	"TagLimitExceeded":       cloud.Invalid,
	"TagPolicyViolation":     cloud.Invalid,
	"VPCIdNotSpecified":      cloud.Invalid,
	"DefaultVpcDoesNotExist": cloud.Invalid,
}

// codeKind tells what an answer of EC2 means.
func codeKind(code, message string) cloud.Kind {
	code = strings.TrimPrefix(strings.TrimPrefix(code, "Client."), "Server.")
	switch {
	case code == "AuthFailure":
		return authFailureKind(message)
	case code == "Unsupported" && strings.Contains(message, "Availability Zone"):
		return cloud.Capacity // another zone has the type
	}
	if kind, known := kindOfCode[code]; known {
		return kind
	}
	switch {
	case strings.HasSuffix(code, ".NotFound"):
		return cloud.NotFound
	case strings.HasSuffix(code, ".InUse"):
		return cloud.WrongState
	case strings.Contains(code, "Throttl"):
		return cloud.Throttled
	case strings.HasSuffix(code, "LimitExceeded"), strings.HasSuffix(code, "QuotaExceeded"):
		return cloud.Quota
	case strings.HasPrefix(code, "Invalid"), strings.HasPrefix(code, "Missing"), strings.HasSuffix(code, ".Malformed"):
		return cloud.Invalid
	}
	return cloud.Unknown
}

// authFailureKind takes apart the three things that EC2 calls AuthFailure.
func authFailureKind(message string) cloud.Kind {
	lower := strings.ToLower(message)
	switch {
	case strings.Contains(lower, "not authorized for"):
		return cloud.Denied // "Not authorized for images: [ami-…]"
	case strings.Contains(lower, "region"):
		return cloud.UnknownRegion
	}
	return cloud.Credentials
}

// failure makes the error of a call. op is the action, id the resource or "".
func (c *Client) failure(ctx context.Context, op, id string, err error) error {
	e := &cloud.Error{Kind: cloud.Unknown, Op: op, ID: id, Err: err}
	var (
		answer smithy.APIError
		cred   *awsenv.CredentialsError
		dns    *net.DNSError
		status *smithyhttp.ResponseError
	)
	switch {
	case ctx.Err() != nil && isInterruption(err):
		return interrupted(ctx, op, id, "")
	case errors.As(err, &cred):
		e.Kind, e.Message = cloud.Credentials, "no usable AWS credentials: "+credentialsWords(cred)
	case errors.As(err, &answer) && saysNothing(answer) && errors.As(err, &status) && status.Response != nil:
		e.Kind, e.Message = cloud.Unavailable, strangerOf(status.Response.Response).Error()
	case errors.As(err, &answer):
		e.Code, e.Message = answer.ErrorCode(), words(answer.ErrorMessage())
		e.Kind = codeKind(e.Code, e.Message)
		if e.Kind == cloud.Unknown && statusOf(err) >= http.StatusInternalServerError {
			e.Kind = cloud.Unavailable
		}
	case errors.As(err, &dns) && dns.IsNotFound && !c.customEndpoint:
		e.Kind = cloud.UnknownRegion
		e.Message = fmt.Sprintf("there is no EC2 at %s: region %s does not exist, or this machine has no network", dns.Name, c.region)
	default:
		e.Kind, e.Message = cloud.Unavailable, unanswered(err)
	}
	return e
}

func (c *Client) failureOrNil(ctx context.Context, op, id string, err error) error {
	if err == nil {
		return nil
	}
	return c.failure(ctx, op, id, err)
}

// interrupted is the error of a call whose context ended; doing says in a few
// words what it was about, or nothing.
func interrupted(ctx context.Context, op, id, doing string) error {
	cause := ctx.Err()
	why := "interrupted"
	if errors.Is(cause, context.DeadlineExceeded) {
		why = "time is up"
	}
	if doing != "" {
		why += " " + doing
	}
	return &cloud.Error{Kind: cloud.InterruptedCall, Op: op, ID: id, Message: why, Err: cause}
}

func isInterruption(err error) bool {
	var canceled *aws.RequestCanceledError
	return errors.As(err, &canceled) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// words leaves out the part of a refusal that only sts decode-authorization-message reads.
func words(message string) string {
	message, _, _ = strings.Cut(message, " Encoded authorization failure message:")
	return strings.TrimSpace(message)
}

func statusOf(err error) int {
	var v interface{ HTTPStatusCode() int }
	if errors.As(err, &v) {
		return v.HTTPStatusCode()
	}
	return 0
}

// credentialsWords says why there are no credentials. The end of the SDK's chain
// is the metadata service, which most computers don't have.
func credentialsWords(err error) string {
	if strings.Contains(err.Error(), "no EC2 IMDS role found") {
		return "the environment has none, no profile has, and this computer has no role of EC2's"
	}
	return err.Error()
}

// unanswered says why there was no answer, without the SDK's layers.
func unanswered(err error) string {
	var (
		u      *url.Error
		silent *silence
		other  *stranger
	)
	switch {
	case errors.As(err, &silent):
		return silent.Error()
	case errors.As(err, &other):
		return other.Error()
	}
	if errors.As(err, &u) {
		host := u.URL
		if parsed, perr := url.Parse(u.URL); perr == nil {
			host = parsed.Host
		}
		return fmt.Sprintf("no answer from %s: %v", host, u.Err)
	}
	var op *smithy.OperationError
	if errors.As(err, &op) {
		return "no usable answer: " + op.Err.Error()
	}
	return err.Error()
}

// joined returns the errors of several resources as one.
func joined(failures map[string]error, order []string) error {
	var errs []error
	for _, id := range order {
		if err := failures[id]; err != nil {
			errs = append(errs, err)
		}
	}
	if len(errs) == 1 {
		return errs[0]
	}
	return errors.Join(errs...)
}

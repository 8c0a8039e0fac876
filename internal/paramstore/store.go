package paramstore

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"github.com/amirotate/amirotate/internal/awsenv"
	"github.com/amirotate/amirotate/internal/cert/keep"
	"github.com/amirotate/amirotate/internal/cloud"
)

// Placeholder stands in a template for an item's name.
const Placeholder = "{item}"

// Options say which parameters hold the certificates, and how SSM is reached.
type Options struct {
	Template string   // such as /farm/{item}, or rack-docker-tls-{item}
	Items    []string // as keep.Policy has them
	KMSKey   string   // encrypts the keys; "" for the one that does now, else the account's own for SSM
	Region   string   // "" for the environment's or the profile's
	// Getenv is the environment; nil for the process's own.
	Getenv    func(string) string
	UserAgent string // product/version
	// RetryUnit is what delays between retries are in proportion to, default 1 s.
	RetryUnit time.Duration
	// AttemptTimeout bounds each HTTP request, default 30 s.
	AttemptTimeout time.Duration
}

// Store is a keep.Store in Parameter Store. Several processes may use it at
// once.
type Store struct {
	api      *ssm.Client
	config   aws.Config
	region   string
	template string
	items    []string
	kmsKey   string
}

var (
	_ keep.Store    = (*Store)(nil)
	_ keep.Finisher = (*Store)(nil)
)

// New returns the store; it makes no call. Errors are of package cloud.
func New(ctx context.Context, o Options) (*Store, error) {
	if err := CheckTemplate(o.Template); err != nil {
		return nil, err
	}
	if o.RetryUnit <= 0 {
		o.RetryUnit = time.Second
	}
	if o.AttemptTimeout <= 0 {
		o.AttemptTimeout = 30 * time.Second
	}
	cfg, err := awsenv.Load(ctx, awsenv.Options{Service: "SSM", Region: o.Region, Getenv: o.Getenv,
		AttemptTimeout: o.AttemptTimeout, Log: func(string, ...any) {}})
	if err != nil {
		return nil, &cloud.Error{Kind: cloud.Invalid, Op: "load the AWS configuration", Message: err.Error(), Err: err}
	}
	if cfg.Region == "" {
		return nil, &cloud.Error{Kind: cloud.UnknownRegion, Op: "choose a region", Message: "none is given: set one by --region, in the configuration, by AWS_REGION or in the AWS profile"}
	}
	if product, version, ok := strings.Cut(o.UserAgent, "/"); ok {
		cfg.APIOptions = append(cfg.APIOptions, awsmiddleware.AddUserAgentKeyValue(product, version))
	}
	api := ssm.NewFromConfig(cfg, func(so *ssm.Options) { so.Retryer = newRetryer(o.RetryUnit) })
	return &Store{api: api, config: cfg, region: cfg.Region, template: o.Template, items: o.Items, kmsKey: o.KMSKey}, nil
}

// Close closes the connections that no call is using.
func (s *Store) Close() { awsenv.CloseIdle(s.config) }

// Name is the template, as a URL would have it.
func (s *Store) Name() string { return "ssm://" + s.region + "/" + strings.TrimPrefix(s.template, "/") }

// Names that are the store's own.
const (
	logItem     = "amirotate-log"
	stagedInfix = ".amirotate-"
	stamp       = "20060102T150405Z" // of backups, in UTC
)

func (s *Store) parameter(item string) string {
	return strings.ReplaceAll(s.template, Placeholder, item)
}
func (s *Store) logName() string { return s.parameter(logItem) }
func (s *Store) staged(item, id string) string {
	return s.parameter(item) + stagedInfix + id
}

// prefix is what all names begin with.
func (s *Store) prefix() string {
	before, _, _ := strings.Cut(s.template, Placeholder)
	return before
}

var nameForm = regexp.MustCompile(`^/?[a-zA-Z0-9_.-]+(/[a-zA-Z0-9_.-]+)*$`)

// CheckTemplate refuses a template that makes no parameter names.
// Source: "Creating Parameter Store parameters", constraints of names.
func CheckTemplate(template string) error {
	const longest = 900 // bytes, of 1,011: names of backups are longer
	name := strings.Replace(template, Placeholder, "cert", 1)
	first := strings.ToLower(strings.TrimPrefix(template, "/"))
	var reason string
	switch {
	case strings.Count(template, Placeholder) != 1:
		reason = "it must hold " + Placeholder + " once, for ca-cert, ca-key, cert, key and the like"
	case strings.HasPrefix(template, Placeholder), strings.HasPrefix(template, "/"+Placeholder):
		reason = "something must stand before " + Placeholder + ", so that the names are nobody else's"
	case len(template) > longest:
		reason = fmt.Sprintf("it has more than %d characters", longest)
	case !nameForm.MatchString(name):
		reason = "names have letters, digits and _ . - /"
	case strings.Contains(name, "/") && !strings.HasPrefix(name, "/"):
		reason = "a name with / in it begins with one"
	case strings.HasPrefix(first, "aws"), strings.HasPrefix(first, "ssm"):
		reason = "no name may begin with aws or ssm"
	default:
		return nil
	}
	return fmt.Errorf("cannot use %q for parameter names: %s", template, reason)
}

func pointer(s string) *string {
	if s == "" {
		return nil
	}
	return aws.String(s)
}

// Package awsenv finds region, credentials and endpoint as every AWS SDK does,
// for the packages that speak to one service each, and from an environment that
// is handed in where it is not the process's own.
package awsenv

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/smithy-go/logging"
)

// Options say for whom a configuration is.
type Options struct {
	Service string // as in AWS_ENDPOINT_URL_EC2: EC2, SSM …
	Region  string // "" for the environment's or the profile's
	// Getenv is the environment; nil for the process's own.
	Getenv         func(string) string
	AttemptTimeout time.Duration // bounds each HTTP request
	Log            func(format string, args ...any)
}

// The variables that an environment handed in may set; see isProcessEnvironment.
var environmentNames = []string{
	"AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY",
	"AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_CONFIG_FILE",
	"AWS_SHARED_CREDENTIALS_FILE", "AWS_MAX_ATTEMPTS", "HOME",
}

// endpointVariable names a service's own endpoint.
func (o Options) endpointVariable() string { return "AWS_ENDPOINT_URL_" + o.Service }

// Load runs the SDK's own chain; it makes no call of the service. An environment handed in that differs
// from the process's takes its place: region, endpoint, keys, profile and files
// come from there alone, and the roles that containers and instances lend to a
// process are not asked for.
func Load(ctx context.Context, o Options) (aws.Config, error) {
	cfg, err := o.load(ctx)
	cfg.APIOptions = append(cfg.APIOptions, addPlainBody)
	if err == nil && cfg.Credentials != nil {
		cfg.Credentials = markedCredentials{cfg.Credentials}
	}
	if b, ok := cfg.HTTPClient.(*awshttp.BuildableClient); ok {
		cfg.HTTPClient = ownConnections(b)
	}
	return cfg, err
}

// ownConnections makes a client whose connections can be closed. The SDK's own
// has no way to; nor does it follow redirects, which no service here sends.
func ownConnections(b *awshttp.BuildableClient) *http.Client {
	return &http.Client{Transport: b.GetTransport(), Timeout: b.GetTimeout(),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// CloseIdle closes the connections of a configuration that nothing uses just
// now. Whoever is done with a service's client calls it.
func CloseIdle(cfg aws.Config) {
	if c, ok := cfg.HTTPClient.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

func (o Options) load(ctx context.Context) (aws.Config, error) {
	base := []func(*config.LoadOptions) error{
		config.WithHTTPClient(newHTTPClient(o)),
		config.WithLogger(logging.LoggerFunc(func(_ logging.Classification, format string, v ...any) {
			o.Log("AWS SDK: "+format, v...)
		})),
	}
	if o.Getenv != nil && !o.isProcessEnvironment() {
		return environment{o}.load(ctx, base)
	}
	if o.Region != "" {
		base = append(base, config.WithRegion(o.Region))
	}
	return config.LoadDefaultConfig(ctx, base...)
}

func newHTTPClient(o Options) *awshttp.BuildableClient {
	return awshttp.NewBuildableClient().WithTimeout(o.AttemptTimeout).WithTransportOptions(func(t *http.Transport) {
		t.MaxIdleConnsPerHost = 64
		t.TLSHandshakeTimeout = o.AttemptTimeout
		t.ForceAttemptHTTP2 = true
	})
}

func (o Options) isProcessEnvironment() bool {
	for _, name := range slices.Concat(environmentNames, []string{o.endpointVariable()}) {
		if o.Getenv(name) != os.Getenv(name) {
			return false
		}
	}
	for _, entry := range os.Environ() {
		name, value, _ := strings.Cut(entry, "=")
		if strings.HasPrefix(name, "AWS_") && o.Getenv(name) != value {
			return false
		}
	}
	return true
}

// environment is one handed in.
type environment struct{ Options }

func (e environment) first(names ...string) string {
	for _, name := range names {
		if v := e.Getenv(name); v != "" {
			return v
		}
	}
	return ""
}

func (e environment) load(ctx context.Context, base []func(*config.LoadOptions) error) (aws.Config, error) {
	shared, found, err := e.sharedConfig(ctx)
	if err != nil {
		return aws.Config{}, err
	}
	keys := e.keys()
	region := cmp.Or(e.Region, e.first("AWS_REGION", "AWS_DEFAULT_REGION"), shared.Region)

	var cfg aws.Config
	if found {
		files, credentialsFiles := e.files()
		cfg, err = config.LoadDefaultConfig(ctx, append(base,
			config.WithSharedConfigProfile(shared.Profile),
			config.WithSharedConfigFiles(files),
			config.WithSharedCredentialsFiles(credentialsFiles),
			config.WithRegion(region),
			config.WithCredentialsProvider(keys))...)
	} else {
		if keys == nil {
			keys = noCredentials{}
		}
		cfg, err = withoutProfile(base, region, keys)
	}
	if err != nil {
		return aws.Config{}, err
	}
	e.replaceProcess(&cfg, shared)
	return cfg, nil
}

// withoutProfile makes a configuration that neither files nor the process's
// environment have touched.
func withoutProfile(base []func(*config.LoadOptions) error, region string, keys aws.CredentialsProvider) (aws.Config, error) {
	var lo config.LoadOptions
	for _, set := range base {
		if err := set(&lo); err != nil {
			return aws.Config{}, err
		}
	}
	return aws.Config{Region: region, Credentials: keys, HTTPClient: lo.HTTPClient, Logger: lo.Logger}, nil
}

// replaceProcess puts what the SDK took from the process's environment right.
func (e environment) replaceProcess(cfg *aws.Config, shared config.SharedConfig) {
	var sources []any
	for _, s := range cfg.ConfigSources {
		if _, isProcess := s.(config.EnvConfig); !isProcess {
			sources = append(sources, s)
		}
	}
	cfg.ConfigSources = sources
	cfg.BaseEndpoint = nil
	if ignore, _ := strconv.ParseBool(e.Getenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")); !ignore {
		if url := e.first(e.endpointVariable(), "AWS_ENDPOINT_URL"); url != "" {
			cfg.BaseEndpoint, cfg.ConfigSources = aws.String(url), nil // it beats a profile's
		} else if shared.BaseEndpoint != "" {
			cfg.BaseEndpoint = aws.String(shared.BaseEndpoint)
		}
	}
	if n, err := strconv.Atoi(e.Getenv("AWS_MAX_ATTEMPTS")); err == nil && n > 0 {
		cfg.RetryMaxAttempts = n
	}
}

// keys returns the provider of the keys that stand in the environment, or nil.
func (e environment) keys() aws.CredentialsProvider {
	id, secret := e.first("AWS_ACCESS_KEY_ID", "AWS_ACCESS_KEY"), e.first("AWS_SECRET_ACCESS_KEY", "AWS_SECRET_KEY")
	if id == "" || secret == "" {
		return nil
	}
	return credentials.NewStaticCredentialsProvider(id, secret, e.Getenv("AWS_SESSION_TOKEN"))
}

func (e environment) files() (configFiles, credentialsFiles []string) {
	configFiles, credentialsFiles = []string{}, []string{}
	home := e.Getenv("HOME")
	if f := e.Getenv("AWS_CONFIG_FILE"); f != "" {
		configFiles = append(configFiles, f)
	} else if home != "" {
		configFiles = append(configFiles, filepath.Join(home, ".aws", "config"))
	}
	if f := e.Getenv("AWS_SHARED_CREDENTIALS_FILE"); f != "" {
		credentialsFiles = append(credentialsFiles, f)
	} else if home != "" {
		credentialsFiles = append(credentialsFiles, filepath.Join(home, ".aws", "credentials"))
	}
	return configFiles, credentialsFiles
}

// sharedConfig reads the profile from the files that the environment names. A
// profile that is asked for must exist; the default one may be absent.
func (e environment) sharedConfig(ctx context.Context) (shared config.SharedConfig, found bool, err error) {
	asked := e.first("AWS_PROFILE", "AWS_DEFAULT_PROFILE")
	shared, err = config.LoadSharedConfigProfile(ctx, cmp.Or(asked, "default"), func(o *config.LoadSharedConfigOptions) {
		o.ConfigFiles, o.CredentialsFiles = e.files()
	})
	var absent config.SharedConfigProfileNotExistError
	if errors.As(err, &absent) && asked == "" {
		return config.SharedConfig{}, false, nil
	}
	return shared, err == nil, err
}

// noCredentials is the end of a chain that found none.
type noCredentials struct{}

func (noCredentials) Retrieve(context.Context) (aws.Credentials, error) {
	return aws.Credentials{}, errors.New("there are none: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE")
}

// markedCredentials lets errors of the chain be told from the service's.
type markedCredentials struct{ aws.CredentialsProvider }

func (m markedCredentials) Retrieve(ctx context.Context) (aws.Credentials, error) {
	c, err := m.CredentialsProvider.Retrieve(ctx)
	if err != nil {
		return c, &CredentialsError{err}
	}
	return c, nil
}

// CredentialsError tells that the chain found no usable credentials; the
// service was not asked.
type CredentialsError struct{ err error }

func (e *CredentialsError) Error() string { return e.err.Error() }

// Unwrap returns the chain's own error.
func (e *CredentialsError) Unwrap() error { return e.err }

package ec2ops

import (
	"context"
	"regexp"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"github.com/amirotate/amirotate/internal/awsenv"
	"github.com/amirotate/amirotate/internal/cloud"
)

// Options says which EC2 to speak to and how patiently. All durations are real
// time; the zero value takes everything from the SDK's own chain.
type Options struct {
	Region string // "" for the environment's or the profile's
	// Getenv is the environment; nil for the process's own.
	Getenv    func(string) string
	UserAgent string // product/version, such as amirotate/1.0
	// PollMin is the shortest time between two looks at the same kind of
	// resource, default 1 s. Delays between retries are in proportion to it, so
	// that a simulated EC2 whose time runs faster can be followed: at an endpoint
	// that is not the region's own, less than a second is taken for a second of
	// the time there, also in keeping to EC2's rate limits.
	PollMin time.Duration
	// Grace is how long a thing that is not to be seen is taken for one that was
	// just made, default 2 min.
	Grace time.Duration
	// AttemptTimeout bounds each HTTP request, default 30 s.
	AttemptTimeout time.Duration
	// Log, if set, gets a line for what was overcome: retries, failed looks,
	// leftovers that EC2 would not let go.
	Log func(format string, args ...any)
}

func (o Options) withDefaults() Options {
	if o.PollMin <= 0 {
		o.PollMin = time.Second
	}
	if o.Grace <= 0 {
		o.Grace = 2 * time.Minute
	}
	if o.AttemptTimeout <= 0 {
		o.AttemptTimeout = 30 * time.Second
	}
	if o.UserAgent == "" {
		o.UserAgent = "amirotate/0"
	}
	if o.Log == nil {
		o.Log = func(string, ...any) {}
	}
	return o
}

// Client is EC2 in one region, for one account. Its methods may be called from
// many goroutines; one Client should serve a whole run, since it is what knows
// how fast EC2 lets us go and which calls can be made as one.
type Client struct {
	api            *ec2.Client
	config         aws.Config
	region         string
	customEndpoint bool // not the region's own, so the region is not to blame for its silence
	options        Options
	ledger         *ledger
	tally          *tally
	instances      *watch[cloud.Instance]
	images         *watch[cloud.Image]
	stops          *batcher
	terminations   *batcher
	tagging        *tagging
	consoles       *consoles
}

// watchAll sets up the watches. Nothing is assumed of how long things take where
// time runs faster than EC2's.
func (c *Client) watchAll() {
	s := newSchedule(c.options.PollMin)
	usual := map[string]time.Duration{}
	if c.options.PollMin >= time.Second {
		usual = usualDurations(time.Second)
	}
	experience := newExperience(usual)
	c.instances = newWatch(s, c.options, newMemory(instancePhase, experience), c.lookAtInstances)
	c.images = newWatch(s, c.options, newMemory(imagePhase, experience), c.lookAtImages)
	c.images.forecast = newForecast(c.options.PollMin, c.snapshotProgress)
}

// second returns how long a second of EC2's time is.
func (c *Client) second() time.Duration {
	if c.customEndpoint {
		return min(c.options.PollMin, time.Second)
	}
	return time.Second
}

// Close closes the connections that no call is using.
func (c *Client) Close() { awsenv.CloseIdle(c.config) }

// Region returns the region that the client speaks to.
func (c *Client) Region() string { return c.region }

// New finds region, credentials and endpoint as every AWS SDK does, and makes a
// client; it makes no call. With no region, or one that cannot be any, the
// error's kind is cloud.UnknownRegion.
func New(ctx context.Context, o Options) (*Client, error) {
	o = o.withDefaults()
	cfg, err := awsenv.Load(ctx, awsenv.Options{Service: "EC2", Region: o.Region, Getenv: o.Getenv, AttemptTimeout: o.AttemptTimeout, Log: o.Log})
	if err != nil {
		return nil, &cloud.Error{Kind: cloud.Invalid, Op: "load the AWS configuration", Message: err.Error(), Err: err}
	}
	if err := checkRegion(cfg.Region); err != nil {
		return nil, err
	}
	product, version, _ := strings.Cut(o.UserAgent, "/")
	cfg.APIOptions = append(cfg.APIOptions, awsmiddleware.AddUserAgentKeyValue(product, version))

	c := &Client{config: cfg, region: cfg.Region, options: o, ledger: newLedger(), tally: newTally(), consoles: newConsoles()}
	reached := newContact(o.AttemptTimeout)
	cfg.APIOptions = append(cfg.APIOptions, c.tally.add, reached.add)
	c.api = ec2.NewFromConfig(cfg, func(eo *ec2.Options) {
		c.customEndpoint = eo.BaseEndpoint != nil
		eo.Retryer = newRetryer(o, c.second(), reached)
	})
	c.watchAll()
	unit := o.PollMin
	c.stops = newBatcher(window{unit / 4, 3 * unit}, c.stopAll)
	c.terminations = newBatcher(window{unit / 2, 10 * unit}, c.terminateAll)
	c.tagging = newTagging(window{unit / 4, 3 * unit}, c.tagAll)
	c.tagging.last = func() bool { return c.instances.idle() && c.images.idle() }
	return c, nil
}

// A region is a geography, one or more words, and a number: us-west-1,
// us-gov-east-1, us-isob-east-1, eusc-de-east-1.
var regionShape = regexp.MustCompile(`^[a-z]{2,8}(-[a-z]{2,16})+-[0-9]{1,2}$`)

func checkRegion(region string) error {
	fault := &cloud.Error{Kind: cloud.UnknownRegion, Op: "choose a region"}
	switch {
	case region == "":
		fault.Message = "none is given: set one by --region, in the configuration, by AWS_REGION or in the AWS profile"
	case !regionShape.MatchString(region):
		fault.ID = region
		fault.Message = "this is no region's name, which looks like us-west-1"
	default:
		return nil
	}
	return fault
}

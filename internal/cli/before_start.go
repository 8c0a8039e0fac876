package cli

import (
	"errors"
	"net/url"
	"syscall"

	"github.com/amirotate/amirotate/internal/cloud"
)

// beforeStart turns an error that comes from how EC2 is addressed (region,
// credentials, endpoint) into one of usage. It is for errors that come before
// anything was started: later the same errors leave something undone.
func beforeStart(err error) error {
	if err == nil || isInput(err) {
		return err
	}
	switch cloud.KindOf(err) {
	case cloud.UnknownRegion:
		return &usageError{err, "check --region, or region in the configuration; 'aws ec2 describe-regions' lists those of the account"}
	case cloud.Denied:
		return &usageError{err, allowIt}
	case cloud.Credentials:
		return &usageError{err, "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or log in again: aws sso login"}
	}
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return &usageError{err, "check AWS_ENDPOINT_URL, or the proxy's settings: nothing listens there"}
	case cloud.KindOf(err) == cloud.Unavailable:
		return &hintedError{err, "check the network, a proxy's settings, and AWS_ENDPOINT_URL if it is set; then run it again"}
	}
	return err
}

// checkEndpoint refuses an endpoint that no call could reach, before the first
// call is tried again and again.
func (g *globals) checkEndpoint() error {
	for _, name := range []string{"AWS_ENDPOINT_URL_EC2", "AWS_ENDPOINT_URL"} {
		value := g.Getenv(name)
		if value == "" {
			continue
		}
		u, err := url.Parse(value)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return usagef("write it as https://HOST or http://HOST:PORT", "cannot use the endpoint in %s: it is no URL of a web server", name)
		}
	}
	return nil
}

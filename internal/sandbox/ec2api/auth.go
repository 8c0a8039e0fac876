package ec2api

import (
	"net/http"
	"strings"

	"github.com/amirotate/amirotate/internal/sandbox/ec2state"
)

// authenticate looks at a Signature Version 4 header: whose key, and for which
// region and service. The signature itself is not checked.
func (c *call) authenticate(authorization string) error {
	fields, isV4 := strings.CutPrefix(authorization, "AWS4-HMAC-SHA256 ")
	scope := scopeOf(fields)
	if !isV4 || len(scope) != 5 || scope[4] != "aws4_request" || !strings.Contains(fields, "Signature=") {
		return c.authFailure("AWS was not able to validate the provided access credentials")
	}
	switch {
	case scope[0] != c.opts.AccessKey:
		return c.authFailure("AWS was not able to validate the provided access credentials")
	case scope[2] != c.state.Region:
		return c.authFailure("Credential should be scoped to a valid region, not '" + scope[2] + "'. ")
	case scope[3] != c.service:
		return c.authFailure("Credential should be scoped to correct service: '" + c.service + "'. ")
	}
	return nil
}

// scopeOf splits a credential into key, date, region, service and an end mark.
func scopeOf(fields string) (scope []string) {
	for part := range strings.SplitSeq(fields, ",") {
		if credential, ok := strings.CutPrefix(strings.TrimSpace(part), "Credential="); ok {
			scope = strings.Split(credential, "/")
		}
	}
	return scope
}

// Region returns the region for which a request is signed, "" if it doesn't say.
func Region(r *http.Request) string {
	_, fields, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if scope := scopeOf(fields); len(scope) == 5 {
		return scope[2]
	}
	return ""
}

func (c *call) authFailure(message string) error {
	if c.service == "sts" {
		code := "SignatureDoesNotMatch"
		if strings.HasPrefix(message, "AWS was not") {
			code, message = "InvalidClientTokenId", "The security token included in the request is invalid."
		}
		return &ec2state.Error{Code: code, Message: message, Status: 403}
	}
	return &ec2state.Error{Code: "AuthFailure", Message: message, Status: 401}
}

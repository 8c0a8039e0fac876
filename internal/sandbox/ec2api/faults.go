package ec2api

import (
	"net/url"

	"github.com/amirotate/amirotate/internal/sandbox/ec2state"
	"github.com/amirotate/amirotate/internal/sandbox/scenario"
)

func isCut(deed string) bool { return deed == scenario.Reset || deed == scenario.LostResponse }

// isCode tells one of EC2's error codes from the special errors.
func isCode(deed string) bool {
	switch deed {
	case "", scenario.Reset, scenario.LostResponse, scenario.NotFoundAfterCreate, scenario.ImageFails, scenario.InstanceDies:
		return false
	}
	return true
}

// faultError words an error that a scenario asks for.
func faultError(code string, params url.Values) error {
	e := &ec2state.Error{Code: code, Status: 400}
	switch code {
	case "RequestLimitExceeded":
		e.Status, e.Message = 503, "Request limit exceeded."
	case "InternalError", "InternalFailure":
		e.Status, e.Message = 500, "An internal error has occurred"
	case "Unavailable", "ServiceUnavailable":
		e.Status, e.Message = 503, "The service is unavailable. Please try again shortly."
	case "InsufficientInstanceCapacity":
		e.Status, e.Message = 500, "We currently do not have sufficient "+params.Get("InstanceType")+" capacity in the Availability Zone you requested. "+
			"Our system will be working on provisioning additional capacity."
	case "ExpiredToken", "RequestExpired", "ExpiredTokenException":
		e.Message = "The security token included in the request is expired"
	case "AuthFailure":
		e.Status, e.Message = 401, "AWS was not able to validate the provided access credentials"
	case "UnauthorizedOperation":
		e.Status, e.Message = 403, "You are not authorized to perform this operation."
	case "InvalidInstanceID.NotFound":
		e.Message = "The instance ID '" + first(params, "InstanceId.1", "InstanceId", "ResourceId.1") + "' does not exist"
	case "InvalidAMIID.NotFound":
		e.Message = "The image id '[" + first(params, "ImageId.1", "ImageId", "ResourceId.1") + "]' does not exist"
	case "InvalidAMIName.Duplicate":
		e.Message = "AMI name " + params.Get("Name") + " is already in use by AMI ami-0123456789abcdef0"
	case "InstanceLimitExceeded", "VcpuLimitExceeded":
		e.Message = "You have requested more vCPU capacity than your current vCPU limit allows for the instance bucket that the specified instance type belongs to."
	default:
		e.Message = "The scenario of this sandbox lets this call fail with " + code + "."
	}
	return e
}

func first(params url.Values, keys ...string) string {
	for _, key := range keys {
		if v := params.Get(key); v != "" {
			return v
		}
	}
	return ""
}

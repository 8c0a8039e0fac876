package cli

import (
	"slices"

	"github.com/amirotate/amirotate/internal/cloud"
)

// allowIt is the remedy for what the credentials do not allow.
const allowIt = "the credentials must allow what `amirotate iam-policy` prints"

// isDenied tells whether it was a lack of permission.
func isDenied(err error) bool { return cloud.KindOf(err) == cloud.Denied }

// anyDenied tells whether one of the errors was a lack of permission.
func anyDenied(errs []error) bool { return slices.ContainsFunc(errs, isDenied) }

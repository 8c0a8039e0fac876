// Package iampolicy writes down the least IAM policy that a configuration needs:
// reading everywhere, changing only what bears this tool's tags.
//
// Which condition keys and resource types an EC2 action takes is from AWS's
// Service Authorization Reference, "Actions, resources, and condition keys for
// Amazon EC2".
package iampolicy

// Package iam decides by a policy document whether a call is allowed, as IAM
// does: what no statement allows is refused, and what one denies is refused
// whatever others allow.
//
// It knows the part of the language that policies for EC2 and Parameter Store
// need, and refuses a document that uses any other: a policy is either enforced
// to the letter or not at all. The rules are those of the IAM User Guide, "IAM
// JSON policy element reference".
package iam

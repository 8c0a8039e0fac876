// Package cloud holds what amirotate knows of EC2 as plain data: images,
// instances, groups, the tags it sets and the kinds of errors that change what
// is done next.
//
// It imports nothing. Package ec2ops fills these types from the SDK and package
// rotate decides by them, so that neither has to know the other.
package cloud

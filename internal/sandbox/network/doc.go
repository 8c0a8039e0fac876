// Package network is a network of computers that exists only in the process: a
// private address space with security groups, reached by Dial alone.
//
// It behaves as a VPC does towards TCP: a security group that does not let a
// connection in drops it without an answer, so that the caller waits until its
// context ends; a computer without a listener on the port refuses at once; an
// address that no computer has drops like a closed group. Groups are asked at
// each connection and, as with EC2's connection tracking, a change of rules
// leaves established connections alone.
//
// No packet ever leaves the process and no address of the machine is used.
package network

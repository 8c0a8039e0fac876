// Package ec2api speaks EC2's Query API (version 2016-11-15) over HTTP, and as
// much of STS as says who calls, on top of package ec2state.
//
// It is faithful where a client can tell: the shape of the XML, error codes and
// texts, request ids, filters, pages, DryRun, the signature's scope and the
// documented rates of requests. Every call becomes a line of a log.
package ec2api

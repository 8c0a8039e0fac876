// Package ssmapi speaks as much of AWS Systems Manager as Parameter Store needs
// (AWS JSON 1.1, 2014-11-06) over HTTP, on parameters that it keeps in memory.
//
// It is faithful where a client can tell: versions, selectors, types, tiers and
// their sizes, error codes and texts, the signature's scope. Values appear in no
// log.
package ssmapi

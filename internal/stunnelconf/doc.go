// Package stunnelconf reads stunnel's configuration as stunnel does, to tell
// which files it reads: of each service CAfile, cert, key and CApath, with the
// line that says so.
//
// It follows stunnel 5.68, whose answers the tests compare it with. Options are
// known in either letter case; a later one overrides an earlier one, an empty
// value takes it back, and a service begins with what the lines before the first
// section have set. Quotes are part of a value, and so is whatever follows it on
// its line. It does not judge options that name no files: versions of stunnel
// differ in those.
//
// It reads nothing by itself: what a configuration includes is handed to it.
package stunnelconf

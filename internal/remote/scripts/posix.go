// Package scripts holds the programs that run on other people's computers, each
// in a file of its own so that it can be read, checked and run by hand.
package scripts

import _ "embed" // the scripts are part of the binary

// POSIX reads and replaces files under any /bin/sh; its own comment says how it
// is called and what it prints.
//
//go:embed posix.sh
var POSIX string

// POSIXRun runs a command under any /bin/sh; its own comment says how.
//
//go:embed run.sh
var POSIXRun string

// POSIXCopies lists, makes or removes copies of a file beside it, under any
// /bin/sh; its own comment says how.
//
//go:embed copies.sh
var POSIXCopies string

// Package masterhost pretends to be the buildmaster's computer: a real TLS server
// on a loopback port that presents the pair which its files held when it was last
// restarted, as stunnel does, and the commands that restart it.
//
// The commands are:
//
//	restart-stunnel            makes it read its files again; a pair that does not
//	                           fit, or is not there, is fatal: the port is closed
//	buildbot restart FOLDER    restarts the buildmaster, which nobody sees
//
// A file on the computer's disk makes restart-stunnel go wrong as long as it is
// there, by the word in it: /etc/sandbox/restart-stunnel holds fail (it ends with
// exit status 1, and the port is closed), stale (it goes on with the old pair) or
// hang (it does not end).
package masterhost

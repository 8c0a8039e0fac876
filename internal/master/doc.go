// Package master switches the buildmaster to a new certificate: it installs
// certificate and key, runs the commands that make its daemons read them, and
// checks by a TLS handshake that it presents what workers accept. And it puts
// all of that back.
//
// Nothing is replaced but an expected old certificate and the key that belongs
// to it, both at once, each with its mode and owner, after a copy of the pair was
// put beside them with the time in its name. A private key goes nowhere but into
// its file: not into an argument, an error, an event or a result.
//
// What is to be done is derived from what is seen: on the files, on the port, and
// from a mark beside the certificate while a switch is under way. So whatever
// ends a run, the next one finishes it, from any computer.
//
// The package knows no SSH: the host comes through a port.
package master

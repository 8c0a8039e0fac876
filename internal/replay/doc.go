// Package replay plays the outage of July 2015 again with the software of that
// night instead of models of it: Buildbot's master and workers behind stunnel,
// OpenSSH on every host and on the bastion, and the amirotate program. Only EC2
// is the sandbox's own; its instances are hosts of package realhost.
//
// It holds tests alone. They need root and Debian's packages buildbot,
// buildbot-worker, stunnel4, faketime and sqlite3 besides what package realhost
// needs. make replay shows them.
package replay

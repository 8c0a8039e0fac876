// Package cli is the command line: one file a command, the wiring of the rooms
// below, and the one table from errors to exit codes.
//
// A command's file has its name (rotate.go, or cert_check.go for 'cert check'),
// and files that begin with that name serve it alone. The others:
//
//	process root usage settings signals   the process; the commands and their flags
//	exit tell denied before_start print   errors, their exit codes and words; what is printed
//	wire inputs kept_items keeper         a rotation, put together of configuration, list and certificates
//	access regions overlap pinned static  how its hosts are reached, where its images are, who trusts what
//	list farm posix_host master           the slave list and the buildmaster, here or on another computer
//	endpoint probe inspection             what is looked at, on ports and on hosts
//	meter event_log notify                what a run used and did, and who is told
package cli

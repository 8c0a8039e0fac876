// Package commands holds the utilities of a small POSIX system, written over
// rootfs so that they see nothing but an instance's files.
//
// Each behaves as its GNU counterpart does for what administrators' scripts
// use; an option or a construct that is not known is refused with a message and
// a non-zero status, never silently ignored.
package commands

// Package cli is the command line: one file a command, the wiring of the rooms
// below, and the one table from errors to exit codes.
package cli

// Package report makes one page of HTML of a run's event log, to attach to an
// incident: self-contained, without scripts, readable on paper, in the dark, on
// a phone and with a screen reader. It tells what the log holds and nothing else.
package report

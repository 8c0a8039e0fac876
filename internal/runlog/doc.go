// Package runlog keeps what a run did as a file of NDJSON: what ran, the plan,
// each event as it happened, what it used of EC2, and what became of everything.
// A report can be made of it at any time later.
//
// A log is for its owner alone (mode 0600), grows to MaxSize at most, and the
// newest Keep of a folder stay. It never holds a secret: it is given what people
// are shown, where passwords are masked already. A log that can't be kept is
// never a reason to fail a run.
package runlog

// Package scenario reads the YAML file that says what the sandbox's EC2 holds
// when it starts: images and the files on them, security groups, a running
// fleet, how long things take and what goes wrong.
//
// A scenario is checked completely before anything is served. Every problem
// names its file, line and column and says what would be right; nothing that
// the file says is ever ignored. Whatever it leaves out gets a default that an
// ordinary account would have.
package scenario

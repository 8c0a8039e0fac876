// Package shell is an instance's /bin/sh: mvdan.cc/sh's interpreter, held to the
// POSIX grammar and confined to the instance's files and commands.
//
// What the interpreter takes from the machine that it runs on (executables in
// PATH, the umask, process ids, test's files) is replaced here; nothing is ever
// executed on the machine. As dash does, a shell that reads its program from
// standard input carries out each command as soon as it has arrived.
//
// Only the descriptors 0, 1 and 2 can be redirected, a subshell cannot trap EXIT,
// and no signal is known but the HUP of a client that goes away. A script that
// needs more is refused with a message.
package shell

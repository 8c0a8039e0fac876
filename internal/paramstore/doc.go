// Package paramstore keeps certificates in SSM Parameter Store, a parameter for
// each item, as package keep's Store. It is the only importer of SSM's SDK.
//
// Parameter Store replaces one parameter at a time and unconditionally, so a
// replacement of several goes through a log, the parameter with the item's name
// amirotate-log:
//
//  1. stage: the new values are written under names of their own;
//  2. commit: an entry that names them is put into the log, with the version of
//     the log that its writer had seen. Versions are handed out one by one, so
//     an entry counts only if its own version is the next one: of several
//     writers one wins, and all can tell which;
//  3. finish: each old value is copied to a name with the time in it, then the
//     new one is put in its place; the staged ones are deleted, and the log is
//     closed by another entry.
//
// Who dies before the commit has changed nothing. After it the new set is what
// this package reads, and the next Ensure finishes the rest, whoever makes it.
// Readers that know nothing of the log see the parameters change one after the
// other, as Parameter Store has it; keys go first.
//
// A parameter counts as missing only if SSM says so by ParameterNotFound.
package paramstore

// Package store holds a pair or set of certificates in a folder.
//
// Readers see plain names (cert.pem, key.pem), which are symbolic links over
// one link, .amirotate-current, to a folder with a whole generation of the
// files. Pairs that somebody named have a link each, .amirotate-current-ID. One rename of that link exchanges all of them at once, so that a crash at any
// moment leaves the old files or the new, never a mix, and there is nothing to
// repair. Plain files that are there at first are taken over in the same way,
// without a moment in which they are missing.
//
// What stood there before stays beside it, with the time of its end in the
// name: key.pem.20261122T114221Z. Keys are readable by their owner alone.
package store

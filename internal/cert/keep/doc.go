// Package keep keeps certificates while they are good and makes them when they
// are due.
//
// Decide is a pure function of the time, of what is there and of the policy. It
// asks for new certificates only when those there are missing, unreadable,
// inconsistent or near their end: nothing else, such as another version of this
// program or another policy, ever causes it. Ensure asks a Store, decides and
// replaces. A store that cannot be asked is an error, and never a reason to make
// a certificate.
//
// In a set of authority, server and client, a leaf that is due is signed anew by
// the same authority. The authority is replaced only when it is itself due, and
// then old and new are handed out together, and the new one, signed by the old
// one, goes along with each leaf: who still knows the old one alone accepts the
// new leaves too.
package keep

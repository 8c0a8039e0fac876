// Package slavelist reads and rewrites Buildbot's slave-list.txt, one worker a
// line: "name password key=value …".
//
// It reads a list as master.cfg does under Python 2: lines end at a newline and
// nowhere else; a line whose first byte is "#" is skipped; the others are split
// at white space (space, \t, \n, \v, \f, \r); fewer than two fields are
// ignored; each field from the third on has exactly one "=".
//
// # Promises
//
// Every byte belongs to one line, the lines lie end to end, and Pack of a list
// that was not rewritten returns the bytes that Parse was given, whatever they
// are: CRLF, NUL, broken UTF-8, a byte order mark, no last newline.
//
// A rewrite changes values of ami= and whole image ids in comment lines, and no
// other byte. A password is never changed, even if it looks like an image id or
// like ami=…, in a worker's line or in one that was commented out.
//
// A password leaves the package by Password.Reveal and Pack alone: errors,
// masked texts and diffs don't hold it.
package slavelist

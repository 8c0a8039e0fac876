// Package remote reads and replaces files on other computers and on the local
// disk, and runs commands there: over SSH with a POSIX shell, over WinRM or SSH
// with PowerShell, or directly.
//
// It promises that a file is replaced only if its digest is an expected one,
// that the write is atomic and keeps owner, mode (or ACL) and symlinks, that of
// several files either all are touched or none is, that nothing else is left
// behind, that host keys are verified, and that the end of a context frees every
// blocked call within a second.
//
// It never puts a secret into an argument or an error, and it knows nothing of
// EC2: console output and password data come through functions that it is given.
package remote

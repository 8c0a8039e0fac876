// Package rootfs is a POSIX file system as a program on an instance sees it,
// kept in a folder of the machine that the sandbox runs on.
//
// Every path is the instance's own. Symbolic links, absolute ones too, are
// followed component by component inside the folder and never lead out of it:
// what is opened in the end goes through os.Root with no link left in it.
// Permissions are checked against the credentials of the instance's process,
// whoever runs the sandbox. Owners are kept where the sandbox runs as root and
// are all the sandbox's own user elsewhere.
//
// The folder gets nothing that a program did not put there. An image without
// /tmp has one nevertheless while something is in it. /dev/null, /dev/zero,
// /dev/random and /dev/urandom are there without being in the folder; devices,
// pipes and sockets in the folder cannot be opened.
package rootfs

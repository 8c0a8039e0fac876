// Package realhost is a second kind of computer for the sandbox's EC2: real
// ones, as far as one machine can hold them.
//
// A host has mount, UTS, IPC, PID and network namespaces of its own. Its root
// file system is the machine's, read-only, overlaid by the instance's folder,
// so that an image is what it differs in. It has its own 127.0.0.1, a network
// card on a bridge, OpenSSH's server, user data on the metadata address, and
// runs the image's own /etc/rc.local.
//
// The bridge lies in a network namespace too: nothing is added to the machine's
// own network, and the hosts' addresses mean nothing there. The one way in is
// Network.Forward, a port on loopback.
//
// Everything that runs or is mounted hangs on the thread that made the network:
// when the process ends, in whatever way, the kernel takes all of it away. Only
// the folders stay.
//
// It needs Linux, root, overlayfs, iproute2, util-linux and openssh-server;
// Check says whether they are there. It is meant for tests, and keeps nobody
// in: root on a host is root on the machine. Security groups are not enforced,
// and what a host deletes of the machine's files comes back when it is imaged.
package realhost

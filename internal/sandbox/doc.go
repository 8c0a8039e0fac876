// Package sandbox puts the embedded EC2 together: the Query API over HTTP, the
// account behind it, the network with its bastion, and the hosts. It writes
// everything that a client needs into one folder: environment, configuration,
// slave list, certificates and keys.
//
// It listens on loopback alone, starts no other process, and leaves nothing
// outside its folder.
package sandbox

// Package posixhost boots Linux computers that exist only in the process: an SSH
// server on the sandbox's network, behind it a POSIX shell over the instance's
// folder.
//
// A host behaves towards ssh, scp and scripts as a small cloud image does: it
// lets in the image's user alone, with an authorized key; its host keys are its
// own, made at the first boot and shown in the console output as cloud-init
// shows them, then and never again. The keys live in memory. Nothing appears in
// the instance's folder that a command of a client did not put there.
//
// A client that goes away hangs up on its command, which then ends as by SIGHUP;
// Shutdown does that to all of them and waits.
package posixhost

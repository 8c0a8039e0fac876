// Package ec2state is the account that the sandbox's EC2 shows: its images,
// instances, disks, groups and keys, and how they change in simulated time.
//
// An image is a folder, IMAGES/<id>/root; launching copies it to
// INSTANCES/<id>/root and boots a computer over it, CreateImage copies it back.
// A folder goes when its instance is terminated or its image deregistered.
//
// Values handed out are copies. The slices and maps in them are shared but
// never changed in place, so they may be read without a lock.
package ec2state

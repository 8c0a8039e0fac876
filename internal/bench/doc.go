// Package bench measures whole rotations on the embedded sandbox against what
// EC2 itself allows: each case's critical path is computed from its timings and
// from EC2's token buckets, and a rotation is compared with that, in the same
// run and on the same machine. BENCHMARKS.md tells how to repeat it.
//
// It holds tests and benchmarks alone.
package bench

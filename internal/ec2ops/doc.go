// Package ec2ops speaks to EC2. It is the only package that imports EC2's SDK;
// what goes in and comes out are the plain types of package cloud, converted in
// the convert files and nowhere else.
//
// It promises that
//   - each method makes its call and returns EC2's answer: throttling, 5xx and
//     lost connections are retried, everything else comes back as a
//     *cloud.Error whose kind says what to do next;
//   - nothing is stopped, terminated, deregistered or deleted unless it bears
//     our tags, or this very Client made it;
//   - a thing that was just made and is not to be seen yet is waited for, not
//     reported as missing;
//   - however many steps wait, each kind of resource is asked for by one call
//     at a time that names them all.
//
// It keeps no state beyond the process but remembers what it made, from the
// moment that EC2 answered.
package ec2ops

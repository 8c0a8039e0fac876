// Package crashtest kills the real program wherever it can be killed, lets a
// second run finish, and checks that nothing is left over, nothing was done
// twice and nothing of anyone else's was touched. It holds tests alone.
package crashtest

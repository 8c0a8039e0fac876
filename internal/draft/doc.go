// Package draft writes a first configuration: what was found, each line with
// where it comes from, and what was not as a commented line that says what to
// fill in. Taking the "# " away from such a line leaves a valid one.
//
// It knows the order of the keys and how YAML is quoted, and nothing of how
// settings are found.
package draft

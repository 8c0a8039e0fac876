// Package config reads amirotate.yaml and the flags that beat it, and says all
// at once what is wrong with them: file, line, column, the line itself and how
// to mend it.
//
// It holds no secret. A password is a reference, to an environment variable, a
// file or EC2's password data, and is resolved where it is used. A line that
// may hold a secret by mistake is never shown in an error.
//
// The struct tags of Config and what it holds are the one list of all keys;
// Keys gives them for a reference page.
package config

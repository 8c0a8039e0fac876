// Package issue makes keys and certificates: self-signed ones as stunnel pins
// them, and authorities with the server and client certificates below them.
//
// Times come from the caller, randomness from crypto/rand. Private keys leave
// it as crypto.Signer or as PEM, and in no error.
package issue

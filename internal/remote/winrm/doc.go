// Package winrm reads and replaces files on Windows computers over WinRM: SOAP
// over HTTPS, with Basic or NTLM, or over HTTP with every message encrypted by
// NTLM (MS-WSMV 2.2.9.1), and PowerShell at the other end.
//
// It promises that over HTTPS the server's certificate is verified before a
// single byte of the credentials is sent, that over HTTP the server must prove
// by its first answer that it knows the password, that nothing is ever sent
// unencrypted, that every
// request is bound to its context and ends within a second of it, that a SOAP
// fault is an error, and that a result counts only if the script itself printed
// it: neither silence nor an exit code is taken for success.
//
// Files are replaced by the PowerShell scripts of package scripts, which say
// what they promise. Scripts and payloads travel deflated within the command
// line where they fit and on standard input otherwise; nothing is uploaded to
// the computer first.
//
// The messages are those of MS-WSMV and DSP0226, built with masterzen/winrm's
// soap package; HTTP, verification and the handling of answers are its own.
package winrm

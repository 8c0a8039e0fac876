// Package winhost pretends to be Windows computers, each with an instance's
// folder as its disk: WinRM over HTTPS on port 5986, with Basic and NTLM, over
// HTTP on port 5985 with messages encrypted by NTLM alone, and SSH with
// PowerShell as the login shell where the image holds
// C:\ProgramData\ssh\sshd_config.
//
// It speaks WS-Management as Windows does towards a client: shells with a quota
// and an idle time-out, commands, streams, time-outs and faults with Windows'
// codes. It has no PowerShell. It recognises the scripts that amirotate ships,
// however they are transported, and does in Go, on the folder, what each does;
// anything else fails with a message that says so. Of the commands that can be
// run it knows the few that run.go lists.
//
// C:\Program Files\x is C/Program Files/x in the folder, found whatever the case
// and the slashes. No path leads out of the folder, and no file of its own is
// ever left in it.
package winhost

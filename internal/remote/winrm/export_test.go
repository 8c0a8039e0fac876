package winrm

// ForgeShell makes the host believe in another shell than the server's.
func ForgeShell(h *Host, shell string) { h.shell = shell }

// CommandFor is for the test of its limits.
var CommandFor = commandFor

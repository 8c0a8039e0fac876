package remote

// Transports by which a host is reached.
const (
	TransportSSH   = "ssh"
	TransportWinRM = "winrm"
)

// How an SSH server's key is verified.
const (
	// HostKeyKnownHosts takes the keys that a known_hosts file names.
	HostKeyKnownHosts = "known_hosts"
	// HostKeyConsole takes the keys that cloud-init printed to the instance's
	// console when it made them.
	HostKeyConsole = "console"
	// HostKeyAcceptNew takes whatever key a host shows first and, for the life
	// of the Dialer, no other.
	HostKeyAcceptNew = "accept-new"
)

// AlgorithmsLegacy also offers what only servers as old as OpenSSH 4.3 need:
// group1 key exchange, CBC ciphers, ssh-dss and SHA-1 signatures.
const AlgorithmsLegacy = "legacy"

// Target is an instance to connect to.
type Target struct {
	Source     string // the source image, by which the access settings are found
	InstanceID string
	Address    string // IP address or name, without a port
	Settled    bool   // it has been up for long: a login that it refuses is its answer
}

// Access is how instances of one source image are reached.
type Access struct {
	Platform  string // linux or windows
	Transport string // TransportSSH or TransportWinRM; "" is SSH for linux, WinRM for windows
	Port      int    // 0: 22 for SSH, 5986 for WinRM, 5985 for WinRM with NoTLS
	User      string

	// SSH.
	IdentityFiles []string // none: the agent's keys and the default files in ~/.ssh
	HostKey       string   // one of the HostKey constants; "" is HostKeyConsole
	KnownHosts    []string // for HostKeyKnownHosts; none: the user's and the system's files
	Algorithms    string   // "" or AlgorithmsLegacy

	// WinRM. Without TLS it goes over HTTP with every message encrypted by NTLM,
	// never in plain text; so does port 5985, which Windows serves in no other
	// way.
	NoTLS       bool
	Password    Password
	Auth        string // basic or ntlm; "" leaves the choice to package winrm
	CAFile      string // PEM; "" for the system's authorities
	Fingerprint string // SHA-256 of the server's certificate, hex; "" for none
}

// Bastion is the SSH host through which instances are reached.
type Bastion struct {
	Address       string // host or host:port
	User          string
	IdentityFiles []string
	HostKey       string // HostKeyKnownHosts ("" too) or HostKeyAcceptNew
	KnownHosts    []string
	Algorithms    string
}

// Password says where a password comes from; exactly one field is set.
type Password struct {
	Env    string // name of an environment variable
	File   string // a file that holds it, without a final newline
	EC2Key string // private RSA key that decrypts what GetPasswordData returns
}

package draft

import "strings"

// key is a line that a first configuration may have.
type key struct {
	path    string
	list    bool   // its values stand in brackets
	files   bool   // its values are paths of files to replace
	example string // what stands there while it is commented
	doc     string // what to fill in
	ask     string // the question for it, "" if it is not asked for
	flag    string // of init that sets it, "" if none does
}

func (k key) name() string { return k.path[strings.LastIndexByte(k.path, '.')+1:] }

// layout holds the keys in the order in which they are written.
var layout = [...]key{
	{path: "slave_list", flag: "--slave-list", example: "slave-list.txt", doc: "the list that the buildmaster reads; also ssh://user@host/path",
		ask: "Which slave list does the buildmaster read (a path, or ssh://user@host/path)?"},
	{path: "region", flag: "--region", example: "us-west-1", doc: "the AWS region of the images", ask: "Which AWS region are the images in?"},
	{path: "certificate.old", flag: "--old-cert", list: true, example: "old-cert.pem", doc: "what hosts hold now, copied from one of them",
		ask: "Which file holds the certificate that hosts have now?"},
	{path: "certificate.new", flag: "--new-cert", example: "new-cert.pem", doc: "what hosts are to hold; 'amirotate cert ensure' makes it",
		ask: "Which file holds the new certificate?"},
	{path: "certificate.key", example: "new-key.pem", doc: "the private key of the new one; it is compared, and never leaves this machine"},
	{path: "launch.security_groups", flag: "--security-group", list: true, example: "build-workers", doc: "groups that let the bastion in, by name or sg- id",
		ask: "Which security group lets the bastion in (name or sg- id)?"},
	{path: "launch.subnet", example: "subnet-0123456789abcdef0", doc: "where to launch; left out: the default subnets"},
	{path: "launch.like_instance", example: "i-0123456789abcdef0", doc: "or: the groups and the subnet of a host that the bastion reaches"},
	{path: "launch.key_pair", example: "ops", doc: "an EC2 key pair; left out: the images' own authorized keys"},
	{path: "bastion.address", flag: "--bastion", example: "bastion.example.org:22", doc: "the SSH host through which instances are reached",
		ask: "Through which SSH host are instances reached (user@host:port, empty for none)?"},
	{path: "bastion.user", example: "ops", doc: "left out: USER"},
	{path: "bastion.identity_file", list: true, example: "~/.ssh/id_ed25519", doc: "left out: the SSH agent's keys"},
	{path: "bastion.known_hosts", example: "~/.ssh/known_hosts", doc: "where the bastion's host key is found"},
	{path: "platforms.linux.user", flag: "--ssh-user", example: "rustbuild", doc: "a user that may replace the file, or may use sudo without a password",
		ask: "As which user are Linux hosts logged in to?"},
	{path: "platforms.linux.identity_file", list: true, example: "~/.ssh/id_ed25519", doc: "left out: the SSH agent's keys"},
	{path: "platforms.linux.files", flag: "--linux-path", files: true, example: "/home/rustbuild/rust-buildbot/rust-bot-cert.pem", doc: "where hosts hold the certificate",
		ask: "At which path do Linux hosts hold the certificate?"},
	{path: "platforms.linux.stunnel_conf", example: "/etc/stunnel/stunnel.conf", doc: "what stunnel is started with: files must be the ones that it reads"},
	{path: "platforms.windows.user", example: "Administrator", doc: "left out: Administrator; the password is read from AMIROTATE_WINRM_PASSWORD"},
	{path: "platforms.windows.ca_file", example: "winrm-ca.pem", doc: "who signed the certificates of the hosts' WinRM; left out: the console's thumbprint, or the system's authorities"},
	{path: "platforms.windows.files", flag: "--windows-path", files: true, example: `C:\Program Files (x86)\stunnel\cert.pem`, doc: "where hosts hold the certificate",
		ask: "At which path do Windows hosts hold the certificate?"},
	{path: "platforms.windows.stunnel_conf", example: `C:\Program Files (x86)\stunnel\stunnel.conf`, doc: "what stunnel is started with: files must be the ones that it reads"},
}

func find(path string) key {
	for _, k := range layout {
		if k.path == path {
			return k
		}
	}
	panic("draft: no such key: " + path) // a name in this program
}

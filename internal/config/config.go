package config

import "time"

// Config is the configuration: the file's, then the flags'. Paths on this
// machine are absolute or relative to the process's own folder; a slave list or
// a certificate may be a URL instead.
type Config struct {
	SlaveList   string      `yaml:"slave_list" kind:"location" flag:"slave-list" doc:"The slave list: a path, or ssh://user@host/path to read and replace it over SSH."`
	Region      string      `yaml:"region" flag:"region" doc:"AWS region, of all images but those for which the list (region=) or an override says otherwise." default:"what the AWS SDK finds in environment and profile"`
	Strategy    string      `yaml:"strategy" flag:"strategy" oneof:"cutover overlap" default:"cutover" doc:"How old and new follow each other: all at once, or for a time both are trusted, so that no running instance meets a master that it doesn't trust."`
	Certificate Certificate `yaml:"certificate" doc:"The certificate to put in place."`
	Launch      Launch      `yaml:"launch" doc:"How builders and provers are launched."`
	Bastion     Bastion     `yaml:"bastion" doc:"The SSH host through which instances are reached." default:"none, instances are reached directly"`
	Platforms   Platforms   `yaml:"platforms" doc:"How hosts of each platform are reached, and which files they hold."`
	Overrides   []Override  `yaml:"overrides" doc:"Settings for the images of some workers."`
	Static      []Static    `yaml:"static" doc:"Computers of workers without ami=, whose files are replaced in place."`
	Epoch       string      `yaml:"epoch" doc:"A word that makes every patch a new one: change it to have all images replaced although certificates and paths are the same."`
	Refresh     Refresh     `yaml:"refresh" doc:"How refresh works on its schedule."`
	Notify      Notify      `yaml:"notify" doc:"Commands of this machine that are told how rotate and refresh ended."`
	Master      Master      `yaml:"master" doc:"The buildmaster that workers connect to, whose certificate and key are replaced too."`
	Waits       Waits       `yaml:"waits" doc:"How long to wait, as durations such as 90s, 20m or 2h."`
	MaxParallel int         `yaml:"max_parallel" min:"0" default:"0, all at once" doc:"How many images are worked on at the same time."`

	LogDir string  `yaml:"log_dir" kind:"path" flag:"log-dir" default:"amirotate/runs in the user's folder for state" doc:"Folder of the event logs that every rotation keeps."`
	Prices []Price `yaml:"prices" default:"none: amirotate knows no prices" doc:"What instances cost, for the estimate in a report."`

	file  string // the file's name, "" if there is none
	home  string // for ~/, "" if it is not known
	flags Flags  // that Apply was given, their paths resolved
	lines lineIndex
}

// Launch says how instances are launched.
type Launch struct {
	SecurityGroups  []string `yaml:"security_groups" flag:"security-group" doc:"Security groups, by name or sg- id."`
	LikeInstance    string   `yaml:"like_instance" flag:"like-instance" doc:"An instance that can be reached: same subnet, and same security groups unless they are given."`
	Subnet          string   `yaml:"subnet" flag:"subnet" doc:"Subnet id." default:"that of like_instance, else the default subnet"`
	KeyPair         string   `yaml:"key_pair" flag:"key-pair" doc:"Name of an EC2 key pair." default:"none: the image's own authorized keys"`
	InstanceType    string   `yaml:"instance_type" doc:"Instance type." default:"that of the image's first worker in the list"`
	InstanceProfile string   `yaml:"instance_profile" doc:"Name or ARN of an instance profile." default:"none"`
	Spot            bool     `yaml:"spot" doc:"Launch spot instances." default:"false"`

	Regions []LaunchRegion `yaml:"regions" doc:"What holds in further regions, where it is not the same."`
}

// Bastion is an SSH host. The zero value is none.
type Bastion struct {
	Address       string   `yaml:"address" flag:"bastion" doc:"host or host:port; the port is 22 unless given."` // host:port once read
	User          string   `yaml:"user" flag:"bastion" doc:"User on the bastion." default:"the USER of the environment"`
	IdentityFiles []string `yaml:"identity_file" kind:"path" flag:"identity-file" doc:"Private key file, or a list of them." default:"the SSH agent's keys"`
	KnownHosts    string   `yaml:"known_hosts" kind:"path" flag:"known-hosts" doc:"File with the bastion's host key." default:"~/.ssh/known_hosts"`
}

// Set tells whether there is a bastion.
func (b Bastion) Set() bool { return b.Address != "" }

// Platforms holds the settings as the file has them; For gives those that hold
// for an image.
type Platforms struct {
	Linux   Platform `yaml:"linux" doc:"Images that EC2 doesn't call Windows."`
	Windows Platform `yaml:"windows" doc:"Images that EC2 calls Windows."`
}

// Platform says how a host is reached and which files it holds.
type Platform struct {
	Transport     string   `yaml:"transport" oneof:"ssh winrm" default:"ssh on Linux, winrm on Windows" doc:"How hosts are reached. winrm is WinRM over HTTPS, or sealed over HTTP on port 5985; ssh on Windows needs OpenSSH there, and PowerShell."`
	Port          int      `yaml:"port" min:"1" max:"65535" default:"22 for ssh, 5986 for winrm" doc:"TCP port. 5985 is WinRM over HTTP with every message sealed by NTLM, which proves that the host knows the password, not which host it is."`
	User          string   `yaml:"user" flag:"ssh-user, windows-user" default:"Administrator on Windows" doc:"User on the host; on Linux one that may replace the files, with sudo -n where needed."`
	IdentityFiles []string `yaml:"identity_file" kind:"path" flag:"identity-file" default:"the SSH agent's keys" doc:"Private key file, or a list of them."`
	HostKey       string   `yaml:"host_key" oneof:"console known_hosts accept-new" default:"console" doc:"How the host key of a new instance is verified: by the fingerprints in its console output, by a known_hosts file, or not on first sight but for the rest of the run."`
	KnownHosts    string   `yaml:"known_hosts" kind:"path" default:"~/.ssh/known_hosts" doc:"File for host_key: known_hosts."`
	SSHAlgorithms string   `yaml:"ssh_algorithms" oneof:"default legacy" default:"default" doc:"legacy also allows what servers as old as OpenSSH 4.3 need."`
	Password      Secret   `yaml:"password" default:"{env: AMIROTATE_WINRM_PASSWORD} for winrm" doc:"Where the user's password is found: {env: NAME}, {file: PATH} or {ec2: KEY-FILE} to decrypt EC2's password data."`
	Auth          string   `yaml:"auth" oneof:"basic ntlm" default:"ntlm" doc:"WinRM authentication."`
	CAFile        string   `yaml:"ca_file" kind:"path" default:"the system's" doc:"PEM file of the authorities that may sign a WinRM host's certificate."`
	Fingerprint   string   `yaml:"fingerprint" doc:"SHA-256 of the WinRM host's certificate in hex, with or without colons; it is then trusted whoever signed it."`
	// Commands are run by refresh alone.
	Commands    []Command `yaml:"commands" doc:"What refresh runs on the builder after its files are replaced and before the image is made, such as security updates: each is to end with 0 within its timeout, 10m unless given. Another command alone replaces no image."`
	Files       []File    `yaml:"files" flag:"linux-path, windows-path" doc:"The files to replace."`
	StunnelConf string    `yaml:"stunnel_conf" default:"none: not looked at" doc:"Path on hosts of the configuration that stunnel is started with. It is read there before anything is replaced: files must be the ones that stunnel reads."`
	StunnelDir  string    `yaml:"stunnel_dir" default:"the folder of stunnel_conf; on Windows only if that is stunnel's own" doc:"Folder on hosts from which stunnel takes relative paths: on Linux the one in which it is started, on Windows that of its program, since 5.23 config in it."`
	LookIn      []string  `yaml:"look_in" default:"/etc/stunnel, /etc/ssl, /usr/local/etc, /opt, /root, /home/*, /Users/*; on Windows C:\\bot, C:\\buildbot, C:\\buildslave, C:\\stunnel, and stunnel in both folders of programs" doc:"Folders on hosts in which other files with an old certificate are looked for and reported, beside those of files and stunnel_conf: four levels down, * and ? stand for any part of a name. none turns it off."`

	// InstanceType is what an override or launch.instance_type says; "" leaves
	// it to the list. For sets it.
	InstanceType string `yaml:"-"`
	// Region is what an override says; "" leaves it to the list.
	Region string `yaml:"-"`
}

// File is a file to replace on hosts.
type File struct {
	Path string   `yaml:"path" doc:"Absolute path on the host."`
	Old  []string `yaml:"old" kind:"location" default:"certificate.old" doc:"What this file should hold now, a file or a list of files."`
	New  string   `yaml:"new" kind:"location" default:"certificate.new" doc:"What this file is to hold."`
}

// Override changes settings for the images of some workers. Where several match
// a worker the last one that sets a key wins; the workers of one image must
// agree.
type Override struct {
	Workers      []string `yaml:"workers" doc:"Names of workers as globs: * is any text, ? one character, [a-z] one of a range."`
	InstanceType string   `yaml:"instance_type" default:"launch.instance_type" doc:"Instance type."`
	Region       string   `yaml:"region" default:"region" doc:"AWS region of the images, unless the list says it by region=."`
	Platform     `yaml:",inline"`

	line int
	set  map[string]int // the line of each key that it sets
}

// Waits are time-outs of each step for each image, and how often EC2 is asked.
type Waits struct {
	Poll    time.Duration `yaml:"poll" default:"1s" doc:"Between two looks at EC2."`
	Launch  time.Duration `yaml:"launch" default:"10m" doc:"For an instance to run."`
	Connect time.Duration `yaml:"connect" default:"20m" doc:"For a running instance to be reached; Windows takes minutes to boot."`
	Static  time.Duration `yaml:"static" default:"1m" doc:"For a static host to be reached; it runs already, or it doesn't."`
	Patch   time.Duration `yaml:"patch" default:"10m" doc:"For the files of a host to be replaced and read back."`
	Stop    time.Duration `yaml:"stop" default:"15m" doc:"For an instance to stop."`
	Image   time.Duration `yaml:"image" default:"2h" doc:"For an image to be available; raise it for big disks."`
	Prove   time.Duration `yaml:"prove" default:"10m" doc:"For the files of a prover to be read, once it is reached."`
}

package config

import "time"

// Kinds of what is kept.
const (
	KindSelfSigned = "self-signed"
	KindSet        = "set"
)

// Usages of a certificate in a set.
const (
	UsageServer = "server"
	UsageClient = "client"
)

// Certificate says which certificate is replaced by which, and how the new one
// is kept: made when it is due, and only then.
type Certificate struct {
	Old []string `yaml:"old" kind:"location" flag:"old-cert" doc:"What hosts should hold now: a file, or a list of files any of which is expected."`
	New string   `yaml:"new" kind:"location" flag:"new-cert, cert" doc:"What hosts are to hold."`
	Key string   `yaml:"key" kind:"location" flag:"key, new-key" doc:"The private key of the new certificate." default:"not compared"`

	Kind        string        `yaml:"kind" oneof:"self-signed set" default:"self-signed" doc:"What is kept: one self-signed certificate, or an authority with certificates below it."`
	Store       Store         `yaml:"store" default:"the files new and key" doc:"Where it is kept."`
	RenewBefore time.Duration `yaml:"renew_before" unit:"days" default:"60d" doc:"How long before its end a certificate is due."`
	Validity    time.Duration `yaml:"validity" unit:"days" default:"3650d" doc:"How long what is made is valid."`
	KeyType     string        `yaml:"key_type" oneof:"rsa-2048 rsa-3072 rsa-4096 ecdsa-p256" default:"that of the old key, else rsa-2048" doc:"Type of the keys that are made."`
	Subject     string        `yaml:"subject" default:"the old one's" doc:"Subject of the certificate, such as O=Rust Project, CN=bot.rust-lang.org."`
	Names       []string      `yaml:"names" default:"the old ones, else the common name" doc:"Alternative names: hosts, IP addresses, mail addresses, URIs."`
	Authority   string        `yaml:"authority" default:"the old one's" doc:"Subject of a set's authority."`
	Leaves      []Leaf        `yaml:"leaves" default:"one, without a name, for server and client" doc:"The certificates of a set, instead of subject and names."`
	Passphrase  Secret        `yaml:"passphrase" default:"none" doc:"Where the passphrase of the keys is found: {env: NAME} or {file: PATH}."`
	Check       Check         `yaml:"check" doc:"What cert check and cert remind look at besides."`
}

// Store says where certificates are kept. The zero value is the files new and
// key.
type Store struct {
	Folder string `yaml:"folder" kind:"path" doc:"A folder, with files as Docker names them: ca.pem, ca-key.pem, cert.pem, key.pem."`
	SSM    string `yaml:"ssm" doc:"Names of parameters in SSM Parameter Store; {item} stands for ca-cert, ca-key, cert or key."`
	Region string `yaml:"region" default:"region" doc:"AWS region of the parameters."`
	KMSKey string `yaml:"kms_key" default:"the one in use, else the account's own for SSM" doc:"KMS key that encrypts keys in Parameter Store: an id, an ARN or an alias."`
}

// Leaf is a certificate of a set.
type Leaf struct {
	Name    string   `yaml:"name" default:"none: cert and key" doc:"Name of its items: NAME-cert and NAME-key."`
	Subject string   `yaml:"subject" default:"the old one's" doc:"Subject."`
	Names   []string `yaml:"names" default:"the old ones, else the common name" doc:"Alternative names."`
	Usage   []string `yaml:"usage" oneof:"server client" default:"both" doc:"server, client or both."`
}

// Check names certificates that are looked at and not kept.
type Check struct {
	Files     []string   `yaml:"files" kind:"path" doc:"Certificate files, or folders whose *.pem are."`
	Endpoints []Endpoint `yaml:"endpoints" doc:"TLS servers."`
}

// Endpoint is a TLS server.
type Endpoint struct {
	Address string `yaml:"address" doc:"host:port."`
	Bastion bool   `yaml:"bastion" default:"false" doc:"Reach it through the bastion."`
}

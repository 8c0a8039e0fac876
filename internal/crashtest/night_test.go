package crashtest

import (
	"bytes"
	"crypto/tls"
	"encoding/pem"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/amirotate/amirotate/internal/config"
)

// night is what an outage has besides images: static workers, directly and
// through the bastion, the buildmaster, and a list on another computer.
const night = `
region: us-west-1
slave_list: list.txt
clock: {scale: 0.001}
timings: {api: 0s, pending: 5s, boot: {linux: 5s}, stop: 5s, image: 15s, terminate: 5s}
throttle: off
security_groups:
  - {id: sg-11111111, name: rust-slave, ingress: [{port: 22, from: bastion}]}
images:
  - {id: ami-7fd23e3b, name: rust-linux, user: rustbuild, files: [{path: /home/rustbuild/rust-buildbot/rust-bot-cert.pem, from: old, mode: "0644"}]}
static:
  - {name: mac1, user: admin, files: [{path: /farm/cert.pem, from: old, mode: "0640"}, {path: /farm/slave-list.txt, from: list.txt, mode: "0640"}]}
  - {name: bsd1, bastion: true, user: admin, files: [{path: /farm/cert.pem, from: old, mode: "0600"}]}
master: {}
`

// nightHere has no static workers, and list and buildmaster on this computer.
var nightHere = night[:strings.Index(night, "static:")] + "master: {reach: local}\n"

var nightFiles = map[string]string{"list.txt": "# ami-7fd23e3b since spring\r\nlinux1 p1  ami=ami-7fd23e3b max_builds=3\nmac1 p2\nbsd1 p3"}

var nightCertificates = map[string]string{linuxImage: july2015[linuxImage]}

// Where things of the night lie, in the farm's folder.
const (
	nightList  = "static/mac1/root/farm/slave-list.txt"
	masterCert = "master/root/etc/stunnel/bot-cert.pem"
	masterKey  = "master/root/etc/stunnel/bot-key.pem"
)

var staticCerts = []string{"static/mac1/root/farm/cert.pem", "static/bsd1/root/farm/cert.pem"}

// nightScene is a night, and the pair as it was.
type nightScene struct {
	*scene
	newKey    string // name of the file with the new certificate's key
	listFile  string // in the farm's folder
	cert, key []byte
}

func newNight(t *testing.T) *nightScene {
	t.Helper()
	s := &nightScene{scene: newScene(t, night, nightFiles), newKey: "new-key.pem", listFile: nightList}
	s.cert, s.key = s.Read(masterCert), s.Read(masterKey)
	c, err := config.Load(s.Sandbox.Ready().Config, func(name string) string { return s.Sandbox.Environment()[name] })
	if err != nil {
		t.Fatal(err)
	}
	s.configure("slave_list: slave-list.txt", "slave_list: ssh://admin@"+c.Static[0].Address+"/farm/slave-list.txt")
	return s
}

// configure replaces lines of the configuration.
func (s *nightScene) configure(oldNew ...string) {
	s.T.Helper()
	text := string(s.Read("amirotate.yaml"))
	for i := 0; i < len(oldNew); i += 2 {
		if !strings.Contains(text, oldNew[i]) {
			s.T.Fatalf("no %q in\n%s", oldNew[i], text)
		}
	}
	s.Write("amirotate.yaml", strings.NewReplacer(oldNew...).Replace(text))
}

// certificateIsDue makes it a night on which refresh finds that the certificate
// is over: what hosts hold is known by nothing but what lies in its place.
func (s *nightScene) certificateIsDue() {
	s.T.Helper()
	s.verb, s.newCert, s.newKey = "refresh", "kept/bot-cert.pem", "kept/bot-key.pem"
	if err := os.Mkdir(filepath.Join(s.Dir, "kept"), 0o700); err != nil {
		s.T.Fatal(err)
	}
	s.Write(s.newCert, string(s.cert))
	s.Write(s.newKey, string(s.key))
	s.configure("  old: old-cert.pem\n", "", "new: new-cert.pem", "new: kept/bot-cert.pem",
		"key: new-key.pem", "key: kept/bot-key.pem\n  subject: CN=bot.example.org\n  key_type: ecdsa-p256")
}

// beyondEC2 are the points at static hosts and at the master, which are up.
func beyondEC2(point string) bool {
	host, at, found := strings.Cut(point, " at ")
	return found && at != "boot" && slices.Contains([]string{"mac1", "bsd1", "master"}, host)
}

// checkWhole checks what a run that was struck has left: each file is the old one
// or the new one.
func (s *nightScene) checkWhole() {
	s.T.Helper()
	s.checkOldOrNewAt(s.listFile)
	for _, name := range s.certificates() {
		if now := s.Read(name); !bytes.Equal(now, s.cert) && !bytes.Equal(now, s.Read(s.newCert)) {
			s.T.Errorf("%s holds neither the old nor the new certificate:\n%s", name, now)
		}
	}
	if now := s.Read(masterKey); !bytes.Equal(now, s.key) && !bytes.Equal(now, s.Read(s.newKey)) {
		s.T.Error("the master's key is neither the old one nor the new one")
	}
}

// checkNight checks the end of the night: list, hosts and master are new, what
// was there before is kept where it is to be kept, and nothing else is left.
func (s *nightScene) checkNight() {
	s.T.Helper()
	s.checkSwitched()
	s.checkNothingLeft()
	s.holds([]byte(s.list), s.listFile+".previous")
	s.folder("static/mac1/root/farm", "cert.pem", "slave-list.txt", "slave-list.txt.previous")
	s.folder("static/bsd1/root/farm", "cert.pem")
	if stunnel, buildmaster := s.Sandbox.Master().Restarts(); stunnel == 0 || buildmaster == 0 {
		s.T.Errorf("stunnel was restarted %d times, the buildmaster %d times", stunnel, buildmaster)
	}
}

// checkSwitched checks that list, hosts and master are new.
func (s *nightScene) checkSwitched() {
	s.T.Helper()
	s.checkList(s.listFile, nightCertificates)
	s.holds(s.Read(s.newCert), s.certificates()...)
	s.holds(s.Read(s.newKey), masterKey)
	s.checkBackups()
	if !bytes.Equal(s.presented(), s.Read(s.newCert)) {
		s.T.Error("the master does not present the new certificate")
	}
}

// certificates are the files on static hosts and on the master.
func (s *nightScene) certificates() []string {
	if s.listFile != nightList {
		return []string{masterCert}
	}
	return append(staticCerts[:len(staticCerts):len(staticCerts)], masterCert)
}

// checkBackups wants one copy of the old pair, under one time.
func (s *nightScene) checkBackups() {
	s.T.Helper()
	names := s.Folders(filepath.Dir(masterCert))
	if len(names) != 4 {
		s.T.Fatalf("beside the master's pair lie %q", names)
	}
	stamp := strings.TrimPrefix(names[1], "bot-cert.pem")
	s.folder(filepath.Dir(masterCert), "bot-cert.pem", "bot-cert.pem"+stamp, "bot-key.pem", "bot-key.pem"+stamp)
	s.holds(s.cert, masterCert+stamp)
	s.holds(s.key, masterKey+stamp)
}

// checkAsItWas checks that a rollback has put everything back.
func (s *nightScene) checkAsItWas() {
	s.T.Helper()
	s.holds([]byte(s.list), s.listFile)
	s.holds(s.cert, masterCert)
	s.holds(s.key, masterKey)
	s.checkBackups()
	if !bytes.Equal(s.presented(), s.cert) {
		s.T.Error("the master does not present the old certificate")
	}
}

func (s *nightScene) holds(content []byte, names ...string) {
	s.T.Helper()
	for _, name := range names {
		if now := s.Read(name); !bytes.Equal(now, content) {
			s.T.Errorf("%s holds\n%s", name, now)
		}
	}
}

func (s *nightScene) folder(name string, want ...string) {
	s.T.Helper()
	if now := s.Folders(name); !slices.Equal(now, want) {
		s.T.Errorf("in %s lie %q, want %q", name, now, want)
	}
}

// presented is what the buildmaster's port shows, as PEM, nil if nothing.
func (s *nightScene) presented() []byte {
	s.T.Helper()
	conn, err := tls.Dial("tcp", s.Sandbox.Master().Addr(), &tls.Config{InsecureSkipVerify: true}) // it is looked at, not trusted
	if err != nil {
		return nil
	}
	defer conn.Close()
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: conn.ConnectionState().PeerCertificates[0].Raw})
}

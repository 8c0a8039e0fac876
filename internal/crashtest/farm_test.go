package crashtest

import (
	"fmt"
	"strings"
)

const windowsImage = "ami-b74fa1f3"

// july2015 are the images of the incident and where their certificates lie.
var july2015 = map[string]string{
	windowsImage:   "C/Program Files (x86)/stunnel/cert.pem",
	"ami-7fd23e3b": "home/rustbuild/rust-buildbot/rust-bot-cert.pem",
	"ami-381e197d": "home/rustbuild/rust-buildbot/rust-bot-cert.pem",
	"ami-dbac5f9f": "build/rust-bot-cert.pem",
}

// hasty is the incident with waits so short that a run has few idle looks.
const hasty = `
region: us-west-1
slave_list: list.txt
clock: {scale: 0.001}
timings: {api: 0s, pending: 5s, boot: {linux: 5s, windows: 10s}, stop: 5s, image: 15s, terminate: 5s}
throttle: off
security_groups:
  - {id: sg-11111111, name: rust-slave, ingress: [{port: 22, from: bastion}, {port: 5986, from: bastion}]}
images:
  - id: ami-b74fa1f3
    name: rust-windows
    platform: windows
    user: Administrator
    files:
      - {path: 'C:\Program Files (x86)\stunnel\cert.pem', from: old}
      - {path: 'C:\bot\cert.pem', from: old}
  - id: ami-7fd23e3b
    name: rust-linux
    platform: linux
    user: rustbuild
    launch_permissions: ["272727272727"]
    files:
      - {path: /home/rustbuild/rust-buildbot/rust-bot-cert.pem, from: old, mode: "0644"}
  - id: ami-381e197d
    name: rust-android
    platform: linux
    user: rustbuild
    files:
      - {path: /home/rustbuild/rust-buildbot/rust-bot-cert.pem, from: old, mode: "0644"}
  - id: ami-dbac5f9f
    name: rust-centos5
    platform: linux
    user: root
    files:
      - {path: /build/rust-bot-cert.pem, from: old, mode: "0644"}
`

var hastyFiles = map[string]string{"list.txt": `# the farm
linux1 p1  ami=ami-7fd23e3b max_builds=3
#linux2 p2 ami=ami-7fd23e3b
android p3	ami=ami-381e197d
snap p4 ami=ami-dbac5f9f snap=true
win1 p5 ami=ami-b74fa1f3
win2 p6 ami=ami-b74fa1f3

mac1 p7 max_builds=2`}

// pair is one Linux and one Windows image.
const pair = `
region: us-west-1
slave_list: list.txt
clock: {scale: 0.001}
timings: {api: 0s, pending: 5s, boot: {linux: 5s, windows: 10s}, stop: 5s, image: 15s, terminate: 5s}
throttle: off
security_groups:
  - {id: sg-11111111, name: rust-slave, ingress: [{port: 22, from: bastion}, {port: 5986, from: bastion}]}
images:
  - id: ami-b74fa1f3
    name: rust-windows
    platform: windows
    user: Administrator
    files:
      - {path: 'C:\Program Files (x86)\stunnel\cert.pem', from: old}
      - {path: 'C:\bot\cert.pem', from: old}
  - id: ami-7fd23e3b
    name: rust-linux
    platform: linux
    user: rustbuild
    launch_permissions: ["272727272727"]
    files:
      - {path: /home/rustbuild/rust-buildbot/rust-bot-cert.pem, from: old, mode: "0644"}
`

var pairFiles = map[string]string{"list.txt": "linux1 p1  ami=ami-7fd23e3b max_builds=3\r\nwin1 p5 ami=ami-b74fa1f3\n# win2 p6 ami=ami-b74fa1f3\nmac1 p7"}

var pairCertificates = map[string]string{windowsImage: july2015[windowsImage], linuxImage: july2015[linuxImage]}

const linuxImage = "ami-7fd23e3b"

// eight makes a farm of eight images, two of them Windows, with two lists of
// faults or none, and tells where the certificates lie.
func eight(faults string) (scenario string, files, certificates map[string]string) {
	head, _, _ := strings.Cut(pair, "images:")
	list := "# eight\n"
	certificates = map[string]string{}
	text := head + faults + "images:\n"
	for i := range 8 {
		id := fmt.Sprintf("ami-%08x", 0x51a0+i)
		if i == 0 {
			id = windowsImage
		}
		path, platform, user := "/home/rustbuild/rust-buildbot/rust-bot-cert.pem", "linux", "rustbuild"
		certificates[id] = july2015[linuxImage]
		files := ""
		if i < 2 {
			path, platform, user = `C:\Program Files (x86)\stunnel\cert.pem`, "windows", "Administrator"
			certificates[id] = july2015[windowsImage]
			files = "      - {path: 'C:\\bot\\cert.pem', from: old}\n"
		}
		text += fmt.Sprintf("  - id: %s\n    name: image %d\n    platform: %s\n    user: %s\n    files:\n      - {path: '%s', from: old}\n%s",
			id, i, platform, user, path, files)
		list += fmt.Sprintf("w%d secret%d ami=%s\n", i, i, id)
	}
	return text, map[string]string{"list.txt": list}, certificates
}

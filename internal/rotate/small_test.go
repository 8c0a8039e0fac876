package rotate_test

import "strings"

// small is a farm of two Linux images whose simulated hours pass in a moment.
const small = `
region: us-west-1
slave_list: list.txt
clock: {scale: 0.001}
timings: {api: 0s, pending: 5s, boot: {linux: 5s, windows: 10s}, stop: 5s, image: 20s, terminate: 5s}
throttle: off
security_groups:
  - {id: sg-11111111, name: workers, ingress: [{port: 22, from: bastion}]}
images:
  - id: ami-0123456789abcdef0
    name: alpha
    platform: linux
    user: builder
    tags: {team: infra}
    files:
      - {path: "/etc/it's a path/cert.pem", from: old, mode: "0640"}
  - id: ami-22222222
    name: beta
    platform: linux
    user: builder
    tags: {team: infra}
    files:
      - {path: "/etc/it's a path/cert.pem", from: old, mode: "0640"}
`

var smallFiles = map[string]string{"list.txt": "a1 secret ami=ami-0123456789abcdef0 instance_type=m3.xlarge\n" +
	"a2 secret ami=ami-0123456789abcdef0\nb1\tsecret\tami=ami-22222222\r\nmac1 secret snap=true"}

// variant is a scenario made from small.
type variant string

func (v variant) String() string { return string(v) }

// without replaces a text once.
func (v variant) without(old, new string) variant {
	return variant(strings.Replace(string(v), old, new, 1))
}

// smallWith is small with some texts replaced, each once.
func smallWith(pairs ...string) variant {
	v := variant(small)
	for i := 0; i < len(pairs); i += 2 {
		v = v.without(pairs[i], pairs[i+1])
	}
	return v
}

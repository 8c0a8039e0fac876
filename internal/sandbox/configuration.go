package sandbox

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/amirotate/amirotate/internal/sandbox/scenario"
	"github.com/amirotate/amirotate/internal/sandbox/statichost"
)

// The part of amirotate's configuration that a sandbox needs. Paths are
// relative to the file.
type (
	configFile struct {
		SlaveList   string             `yaml:"slave_list"`
		Region      string             `yaml:"region"`
		Certificate configCertificate  `yaml:"certificate"`
		Launch      configLaunch       `yaml:"launch"`
		Bastion     configBastion      `yaml:"bastion"`
		Platforms   map[string]*access `yaml:"platforms"`
		Overrides   []override         `yaml:"overrides,omitempty"`
		Static      []staticEntry      `yaml:"static,omitempty"`
		Master      *configMaster      `yaml:"master,omitempty"`
		Waits       configWaits        `yaml:"waits"`
	}
	configCertificate struct {
		Old string `yaml:"old"`
		New string `yaml:"new"`
		Key string `yaml:"key,omitempty"`
	}
	configLaunch struct {
		Name           string         `yaml:"name,omitempty"` // of a further region
		SecurityGroups []string       `yaml:"security_groups"`
		Subnet         string         `yaml:"subnet,omitempty"`
		Regions        []configLaunch `yaml:"regions,omitempty"`
	}
	configBastion struct {
		Address      string `yaml:"address"`
		User         string `yaml:"user"`
		IdentityFile string `yaml:"identity_file"`
		KnownHosts   string `yaml:"known_hosts"`
	}
	access struct {
		Transport    string     `yaml:"transport"`
		User         string     `yaml:"user"`
		IdentityFile string     `yaml:"identity_file,omitempty"`
		HostKey      string     `yaml:"host_key,omitempty"`
		Password     *secret    `yaml:"password,omitempty"`
		CAFile       string     `yaml:"ca_file,omitempty"`
		Files        []filePath `yaml:"files,omitempty"`
		StunnelConf  string     `yaml:"stunnel_conf,omitempty"`
	}
	secret struct {
		Env string `yaml:"env"`
	}
	filePath struct {
		Path string `yaml:"path"`
	}
	override struct {
		Workers     []string   `yaml:"workers"`
		User        string     `yaml:"user,omitempty"`
		Files       []filePath `yaml:"files,omitempty"`
		StunnelConf string     `yaml:"stunnel_conf,omitempty"`
	}
	configWaits struct {
		Poll   string `yaml:"poll"`
		Static string `yaml:"static,omitempty"`
	}
)

// leastPoll is how often EC2 is asked at most, in real time.
const leastPoll = 10 * time.Millisecond

// configuration writes amirotate.yaml: for each platform what most of its
// images have, and overrides for the workers of the others.
func configuration(sc *scenario.Scenario, bastion string, static []*statichost.Host, master *configMaster) ([]byte, error) {
	poll := max(leastPoll, time.Duration(*sc.Clock.Scale*float64(time.Second)))
	c := configFile{
		SlaveList: "slave-list.txt", Region: sc.Region,
		Certificate: configCertificate{Old: "old-cert.pem", New: "new-cert.pem"}, Master: master,
		Launch: launchOf(sc), Platforms: map[string]*access{}, Waits: configWaits{Poll: poll.String()},
		Bastion: configBastion{Address: bastion, User: bastionUser, IdentityFile: identityFile, KnownHosts: knownHostsFile},
	}
	if len(static) > 0 {
		c.Static, c.Waits.Static = staticEntries(static), staticWait.String()
	}
	if sc.NewKey != nil {
		c.Certificate.Key = "new-key.pem"
	}
	var every []scenario.Image
	for _, there := range sc.All() {
		every = append(every, there.Images...)
		if there != sc {
			launch := launchOf(there)
			launch.Name = there.Region
			c.Launch.Regions = append(c.Launch.Regions, launch)
		}
	}
	workers := workersByImage(sc.SlaveList)
	for _, platform := range []string{scenario.Linux, scenario.Windows} {
		images := slices.DeleteFunc(slices.Clone(every), func(im scenario.Image) bool { return im.Platform != platform })
		if len(images) == 0 {
			continue
		}
		a := accessOf(platform)
		a.User = most(images, func(im scenario.Image) string { return im.User })
		path := most(images, certificatePath)
		if path != "" {
			a.Files = []filePath{{path}}
		}
		a.StunnelConf = stunnelConf(images)
		c.Platforms[platform] = a
		c.Overrides = append(c.Overrides, overridesOf(images, a, path, workers)...)
	}
	text, err := yaml.MarshalWithOptions(c, yaml.IndentSequence(true))
	if err != nil {
		return nil, fmt.Errorf("cannot write amirotate.yaml: %w", err)
	}
	return append([]byte("# Written by the sandbox for its scenario "+sc.Name+".\n"), text...), nil
}

func accessOf(platform string) *access {
	if platform == scenario.Windows {
		return &access{Transport: "winrm", Password: &secret{"AMIROTATE_WINRM_PASSWORD"}, CAFile: authorityFile}
	}
	return &access{Transport: "ssh", IdentityFile: identityFile, HostKey: "console"}
}

// launchOf names the scenario's first group: by name in the default VPC, else
// by id and with a subnet of its VPC.
func launchOf(sc *scenario.Scenario) configLaunch {
	g := sc.SecurityGroups[0]
	if g.VPC == sc.DefaultVPC() {
		return configLaunch{SecurityGroups: []string{g.Name}}
	}
	launch := configLaunch{SecurityGroups: []string{g.ID}}
	for _, n := range sc.Subnets {
		if n.VPC == g.VPC {
			launch.Subnet = n.ID
			break
		}
	}
	return launch
}

// certificatePath is the first file that holds the old certificate, "" if none
// does.
func certificatePath(im scenario.Image) string {
	for _, f := range im.Files {
		if f.From == "old" {
			return f.Path
		}
	}
	return ""
}

func stunnelPath(im scenario.Image) string { return stunnelConfIn(im.Files) }

// stunnelConfIn is the stunnel.conf among files, "" if there is none.
func stunnelConfIn(files []scenario.File) string {
	for _, f := range files {
		if strings.HasSuffix(strings.ReplaceAll(f.Path, `\`, "/"), "/stunnel.conf") {
			return f.Path
		}
	}
	return ""
}

// stunnelConf is where most of a platform's images have their stunnel.conf, if
// all of them have one.
func stunnelConf(images []scenario.Image) string {
	if slices.ContainsFunc(images, func(im scenario.Image) bool { return stunnelPath(im) == "" }) {
		return ""
	}
	return most(images, stunnelPath)
}

// most returns the value that most images have; of equals, the first.
func most(images []scenario.Image, value func(scenario.Image) string) string {
	counts, best := map[string]int{}, ""
	for _, im := range images {
		counts[value(im)]++
	}
	for _, im := range slices.Backward(images) {
		v := value(im)
		if v != "" && (best == "" || counts[v] >= counts[best]) {
			best = v
		}
	}
	return best
}

func overridesOf(images []scenario.Image, all *access, path string, workers map[string][]string) []override {
	var overrides []override
	for _, im := range images {
		o := override{Workers: workers[im.ID]}
		if im.User != all.User {
			o.User = im.User
		}
		if p := certificatePath(im); p != path && p != "" {
			o.Files = []filePath{{p}}
		}
		if conf := stunnelPath(im); all.StunnelConf != "" && conf != all.StunnelConf {
			o.StunnelConf = conf
		}
		if len(o.Workers) > 0 && (o.User != "" || o.Files != nil || o.StunnelConf != "") {
			overrides = append(overrides, o)
		}
	}
	return overrides
}

// workersByImage finds which workers of a slave list name which image, as globs
// that match just them. It reads the list as Buildbot's master.cfg does, and is
// content with a bad one.
func workersByImage(list []byte) map[string][]string {
	workers := map[string][]string{}
	for line := range strings.Lines(string(list)) {
		fields := strings.Fields(line)
		if strings.HasPrefix(line, "#") || len(fields) < 2 {
			continue
		}
		for _, field := range fields[2:] {
			if image, ok := strings.CutPrefix(field, "ami="); ok {
				workers[image] = append(workers[image], globEscaper.Replace(fields[0]))
			}
		}
	}
	return workers
}

var globEscaper = strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`)

package config

import (
	"cmp"
	"fmt"
	"path"
	"reflect"
	"slices"
	"strings"

	"github.com/amirotate/amirotate/internal/spelling"
)

// Static is a computer on which workers without ami= run. It is never launched:
// its files are replaced in place. What it doesn't set its platform does, flags
// included; but how its host key is verified it says itself, since it has no
// console, and what accept-new leaves open is for instances; and one with files
// of its own has a stunnel_conf of its own, or none.
type Static struct {
	Workers  []string `yaml:"workers" doc:"Names of workers without ami= as globs: * is any text, ? one character, [a-z] one of a range."`
	Address  string   `yaml:"address" doc:"host or host:port; the port is that of the platform unless given."`
	System   string   `yaml:"platform" oneof:"linux windows" default:"linux" doc:"Whose settings hold where the entry has none of its own: linux, for any POSIX system (macOS, a BSD …), or windows."`
	Bastion  bool     `yaml:"bastion" default:"false" doc:"true: reached through the bastion; false: directly."`
	Optional bool     `yaml:"optional" default:"false" doc:"true: where the host can't be reached that is told, and nothing else is to come of it."`
	Platform `yaml:",inline"`

	line int
	set  map[string]int // the line of each key that it sets
}

// StaticHost is a computer on which static workers run, and all that holds for
// it.
type StaticHost struct {
	Workers  []string // in the list's order
	Host     string   // name or address; the port is in Settings
	System   string   // linux or windows
	Bastion  bool
	Optional bool
	Settings Platform // each file has its old and new certificate
}

// StaticHosts finds the computers of workers that have no image. launched are
// the other workers of the list. An entry that names none of the workers is in
// unused, which stands in nobody's way. Entries that say the same of one address
// are one computer.
func (c *Config) StaticHosts(workers, launched []string) (hosts []StaticHost, unused []Problem, err error) {
	var wrong problems
	named := map[string]*Static{}
	for i := range c.Static {
		s := &c.Static[i]
		own := slices.DeleteFunc(slices.Clone(workers), func(w string) bool { return !matchesAny(s.Workers, w) })
		if len(own) == 0 {
			unused = append(unused, c.unusedStatic(i, workers, launched))
			continue
		}
		host, err := c.staticHost(s, own)
		if err != nil {
			wrong = append(wrong, problemsIn(err)...)
			continue
		}
		hosts = joinHost(hosts, host)
		for _, w := range own {
			if first := named[w]; first != nil && !first.sameHost(s) {
				wrong.add(c.namedTwice(w, first, s))
			}
			named[w] = s
		}
	}
	for i := range hosts {
		slices.SortFunc(hosts[i].Workers, func(a, b string) int {
			return cmp.Compare(slices.Index(workers, a), slices.Index(workers, b))
		})
	}
	return hosts, unused, wrong.err()
}

// staticHost puts together what holds for an entry's computer.
func (c *Config) staticHost(s *Static, workers []string) (StaticHost, error) {
	p := c.Platforms.Linux
	if s.system() == windows {
		p = c.Platforms.Windows
	}
	p.HostKey, p.InstanceType = HostKeyKnownHosts, ""
	if _, own := s.set["files"]; own {
		p.StunnelConf, p.StunnelDir = "", ""
	}
	for key := range s.set {
		p.set(key, s.get(key))
	}
	host, port, err := splitAddress(s.Address)
	if err != nil {
		return StaticHost{}, c.staticProblem(s, "address", err.Error(), "")
	}
	if port != 0 {
		p.Port = port
	}
	p.fillIn(s.system(), c.home)
	p.Files = c.filesOf(p)
	return StaticHost{Workers: workers, Host: host, System: s.system(), Bastion: s.Bastion, Optional: s.Optional, Settings: p},
		c.checkStaticHost(s, p)
}

// joinHost adds a computer, or its workers to those of one that is the same.
func joinHost(hosts []StaticHost, h StaticHost) []StaticHost {
	for i := range hosts {
		g := &hosts[i]
		if g.Host != h.Host || g.System != h.System || g.Bastion != h.Bastion || !reflect.DeepEqual(g.Settings, h.Settings) {
			continue
		}
		for _, w := range h.Workers {
			if !slices.Contains(g.Workers, w) {
				g.Workers = append(g.Workers, w)
			}
		}
		g.Optional = g.Optional && h.Optional
		return hosts
	}
	return append(hosts, h)
}

func (s *Static) system() string { return cmp.Or(s.System, linux) }

func (s *Static) sameHost(t *Static) bool { return s.Address == t.Address && s.Bastion == t.Bastion }

// get returns the value of a key.
func (s *Static) get(key string) any {
	f := fieldsIn(reflect.TypeFor[Static]())[key]
	return reflect.ValueOf(s).Elem().FieldByIndex(f.Index).Interface()
}

// bindStatic notes which keys of a platform each entry sets, and where.
func (c *Config) bindStatic() {
	names := namesIn(reflect.TypeFor[Platform]())
	for i := range c.Static {
		s, at := &c.Static[i], fmt.Sprintf("static[%d]", i)
		s.line, s.set = c.lines[at].line, map[string]int{}
		for _, name := range names {
			if p, ok := c.lines[at+"."+name]; ok {
				s.set[name] = p.line
			}
		}
	}
}

func (c *Config) namedTwice(worker string, first, second *Static) Problem {
	return Problem{File: c.file, Line: second.line, Column: 1, Key: "static.workers",
		Message: fmt.Sprintf("worker %s is named by two entries of static, for %s in line %d and for %s in line %d",
			worker, first.Address, first.line, second.Address, second.line),
		Hint: "let one of them name it"}
}

// unusedStatic says why an entry names no static worker, and which it may mean.
func (c *Config) unusedStatic(i int, workers, launched []string) Problem {
	s := c.Static[i]
	p := Problem{File: c.file, Line: s.line, Column: 1, Key: fmt.Sprintf("static[%d].workers", i),
		Message: fmt.Sprintf("no worker without ami= is named by %s in static, for %s", strings.Join(s.Workers, ", "), s.Address),
		Hint:    "correct the names, or remove the entry"}
	for _, w := range launched {
		if matchesAny(s.Workers, w) {
			p.Hint = w + " has ami=, so its certificate comes with its image: " + p.Hint
			return p
		}
	}
	for _, glob := range s.Workers {
		if near := spelling.Nearest(strings.Trim(glob, "*?"), workers); near != "" {
			p.Hint = fmt.Sprintf("did you mean %s?", near)
			return p
		}
	}
	return p
}

func matchesAny(globs []string, worker string) bool {
	return slices.ContainsFunc(globs, func(glob string) bool {
		ok, err := path.Match(glob, worker)
		return err == nil && ok
	})
}

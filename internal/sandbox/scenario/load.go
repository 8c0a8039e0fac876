package scenario

import (
	"bytes"
	"embed"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/parser"
)

// Default is the name of the scenario of the outage of July 2015.
const Default = "july-2015"

//go:embed july-2015
var embedded embed.FS

// reader reads a file that a scenario names, relative to the scenario.
type reader func(name string) ([]byte, error)

// Load reads a scenario from the disk, or the embedded Default if file is "".
// The error joins a *Problem for everything that is wrong.
func Load(file string) (*Scenario, error) {
	if file == "" {
		return loadEmbedded(Default)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("cannot read scenario %s: %w", file, err)
	}
	folder := filepath.Dir(file)
	return parse(file, text, func(name string) ([]byte, error) {
		if !filepath.IsAbs(name) {
			name = filepath.Join(folder, name)
		}
		return os.ReadFile(name)
	})
}

func loadEmbedded(name string) (*Scenario, error) {
	text, err := fs.ReadFile(embedded, path.Join(name, "scenario.yaml"))
	if err != nil {
		return nil, fmt.Errorf("cannot read scenario %s: %w", name, err)
	}
	return parse(name, text, func(file string) ([]byte, error) {
		return fs.ReadFile(embedded, path.Join(name, file))
	})
}

func parse(name string, text []byte, read reader) (*Scenario, error) {
	file, err := parser.ParseBytes(text, 0)
	if err != nil {
		return nil, decodeProblem(name, nil, err)
	}
	s := &Scenario{Name: name}
	if len(bytes.TrimSpace(text)) > 0 {
		if err := yaml.NewDecoder(bytes.NewReader(text), yaml.Strict()).Decode(s); err != nil && err.Error() != "EOF" {
			return nil, decodeProblem(name, file, err)
		}
	}
	p := &problems{name: name, file: file}
	if len(file.Docs) > 1 {
		p.errs = append(p.errs, &Problem{File: name, Message: "holds more than one YAML document; keep one"})
	}
	s.fillDefaults()
	c := &checker{problems: p, s: s, read: read}
	c.all()
	if err := p.err(); err != nil {
		return nil, err
	}
	return s, nil
}

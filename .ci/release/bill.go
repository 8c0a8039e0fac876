package main

import (
	"bytes"
	"debug/buildinfo"
	"fmt"
	"strings"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"
)

// billOf writes the bill of materials of a program as CycloneDX JSON: the
// modules that it was really linked from, as the program itself tells, and the
// Go release.
func billOf(binary string, s source) ([]byte, error) {
	info, err := buildinfo.ReadFile(binary)
	if err != nil {
		return nil, err
	}
	bill := cdx.NewBOM()
	program := module(info.Main.Path, s.version, "")
	program.Type, program.Name = cdx.ComponentTypeApplication, "amirotate"
	program.Licenses = &cdx.Licenses{{License: &cdx.License{ID: "Apache-2.0"}}}
	bill.Metadata = &cdx.Metadata{Timestamp: s.time.Format(time.RFC3339), Component: &program}
	std := module("std", strings.TrimPrefix(info.GoVersion, "go"), "")
	components := []cdx.Component{std}
	needs := []string{std.BOMRef}
	for _, m := range info.Deps {
		if m.Replace != nil {
			return nil, fmt.Errorf("%s is replaced by %s: a release uses what is published", m.Path, m.Replace.Path)
		}
		c := module(m.Path, m.Version, m.Sum)
		components, needs = append(components, c), append(needs, c.BOMRef)
	}
	bill.Components = &components
	bill.Dependencies = &[]cdx.Dependency{{Ref: program.BOMRef, Dependencies: &needs}}
	var b bytes.Buffer
	err = cdx.NewBOMEncoder(&b, cdx.BOMFileFormatJSON).SetPretty(true).SetEscapeHTML(false).Encode(bill)
	return b.Bytes(), err
}

func module(path, version, sum string) cdx.Component {
	url := "pkg:golang/" + path + "@" + version
	c := cdx.Component{BOMRef: url, Type: cdx.ComponentTypeLibrary, Name: path, Version: version, PackageURL: url}
	if sum != "" {
		c.Properties = &[]cdx.Property{{Name: "go:sum", Value: sum}} // as go.sum has it
	}
	return c
}

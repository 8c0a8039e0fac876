package main

import (
	"bytes"
	"compress/gzip"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/goreleaser/nfpm/v2"
	"github.com/goreleaser/nfpm/v2/deb"
	"github.com/goreleaser/nfpm/v2/files"
)

const summary = `replace a certificate on the AMIs of a Buildbot slave list
 Launches every AMI behind the bastion, replaces the file over SSH or WinRM if it
 is the one expected, bakes a new AMI, proves that by booting it, and rewrites the
 list. 'amirotate demo' shows it on an embedded EC2, without an account.`

const copyright = `Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: amirotate

Files: *
Copyright: the amirotate authors
License: Apache-2.0
 On Debian systems the text is in /usr/share/common-licenses/Apache-2.0. The
 program holds libraries under licences of their own; bill-of-materials.cdx.json
 beside this file names each of them and its version.
`

// deb packs the Debian package: the program, its pages and completions, and the
// units of the scheduled refresh, which nothing enables.
func (r *release) deb(binary string, bill []byte, goarch string) error {
	p := &packing{release: r, dir: filepath.Dir(binary)}
	p.add("/usr/bin/amirotate", binary, 0o755)
	p.docs()
	for _, unit := range units {
		p.add("/usr/lib/systemd/system/"+unit, filepath.Join(r.units, unit), 0o644)
	}
	p.write("/usr/share/doc/amirotate/bill-of-materials.cdx.json", bill)
	p.write("/usr/share/doc/amirotate/copyright", []byte(copyright))
	p.copy("/usr/share/doc/amirotate/changelog.gz", filepath.Join(r.root, "CHANGELOG.md"))
	if p.err != nil {
		return p.err
	}
	info := nfpm.WithDefaults(&nfpm.Info{
		Name: "amirotate", Arch: goarch, Platform: "linux", Version: r.source.version, VersionSchema: "none",
		Section: "admin", Priority: "optional", Maintainer: "amirotate <amirotate@localhost>",
		Homepage: "https://github.com/amirotate/amirotate", License: "Apache-2.0",
		Description: summary, MTime: r.source.time, DisableGlobbing: true,
		Overridables: nfpm.Overridables{
			Contents: p.contents,
			Suggests: []string{"bash-completion", "systemd"},
			Deb:      nfpm.Deb{Compression: "gzip"},
		},
	})
	if err := nfpm.PrepareForPackager(info, "deb"); err != nil {
		return err
	}
	var b bytes.Buffer
	if err := deb.Default.Package(info, &b); err != nil {
		return err
	}
	return writeFile(filepath.Join(r.out, "amirotate_"+r.source.version+"_"+goarch+".deb"), b.Bytes())
}

// packing collects a package's files; what is not on disk is written to dir.
type packing struct {
	*release
	dir      string
	contents files.Contents
	err      error
}

func (p *packing) add(dest, source string, mode os.FileMode) {
	p.contents = append(p.contents, &files.Content{
		Source: source, Destination: dest, Type: files.TypeFile,
		FileInfo: &files.ContentFileInfo{Owner: "root", Group: "root", Mode: mode, MTime: p.source.time},
	})
}

func (p *packing) write(dest string, data []byte) {
	name := filepath.Join(p.dir, "deb", strings.ReplaceAll(dest, "/", "_"))
	if err := writeFile(name, data); err != nil && p.err == nil {
		p.err = err
	}
	p.add(dest, name, 0o644)
}

// copy packs a file gzipped, as Debian wants pages and changelogs.
func (p *packing) copy(dest, source string) {
	data, err := os.ReadFile(source)
	var b bytes.Buffer
	zw, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // the level is a valid one
	if err == nil {
		_, err = zw.Write(data)
	}
	if err == nil {
		err = zw.Close()
	}
	if err != nil && p.err == nil {
		p.err = err
	}
	p.write(dest, b.Bytes())
}

func (p *packing) docs() {
	pages, err := filesBelow(filepath.Join(p.release.docs, "man1"))
	if err != nil && p.err == nil {
		p.err = err
	}
	for _, page := range pages {
		p.copy(path.Join("/usr/share/man/man1", filepath.Base(page)+".gz"), page)
	}
	for dest, name := range map[string]string{
		"/usr/share/bash-completion/completions/amirotate":    "bash/amirotate",
		"/usr/share/zsh/vendor-completions/_amirotate":        "zsh/_amirotate",
		"/usr/share/fish/vendor_completions.d/amirotate.fish": "fish/amirotate.fish",
	} {
		p.add(dest, filepath.Join(p.release.docs, name), 0o644)
	}
}

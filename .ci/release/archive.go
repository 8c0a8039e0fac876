package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// entry is a file of an archive.
type entry struct {
	name string // with slashes
	path string // on disk
	mode fs.FileMode
}

// archive packs the program with its manual pages, completions and licence: a
// zip for Windows, a gzipped tar for the others.
func (r *release) archive(binary, goos, goarch string) error {
	entries := []entry{{filepath.Base(binary), binary, 0o755}}
	for _, name := range []string{"LICENSE", "README.md", "CHANGELOG.md"} {
		entries = append(entries, entry{name, filepath.Join(r.root, name), 0o644})
	}
	docs, err := filesBelow(r.docs)
	if err != nil {
		return err
	}
	for _, f := range docs {
		rel, err := filepath.Rel(r.docs, f)
		if err != nil {
			return err
		}
		if goos == "windows" != strings.HasPrefix(rel, "powershell") {
			continue
		}
		entries = append(entries, entry{filepath.ToSlash(rel), f, 0o644})
	}
	pack, suffix := tarball, ".tar.gz"
	if goos == "windows" {
		pack, suffix = zipped, ".zip"
	}
	data, err := pack(r.name(goos, goarch), entries, r.source.time)
	if err != nil {
		return err
	}
	return writeFile(filepath.Join(r.out, r.name(goos, goarch)+suffix), data)
}

func filesBelow(root string) (files []string, err error) {
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			files = append(files, path)
		}
		return err
	})
	return files, err
}

func tarball(folder string, entries []entry, at time.Time) ([]byte, error) {
	var b bytes.Buffer
	zw, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	tw := tar.NewWriter(zw)
	for _, e := range entries {
		data, err := os.ReadFile(e.path)
		if err != nil {
			return nil, err
		}
		h := &tar.Header{Typeflag: tar.TypeReg, Name: folder + "/" + e.name, Size: int64(len(data)),
			Mode: int64(e.mode), ModTime: at, Format: tar.FormatUSTAR}
		if err := tw.WriteHeader(h); err != nil {
			return nil, err
		}
		if _, err := tw.Write(data); err != nil {
			return nil, err
		}
	}
	if err := tw.Close(); err != nil {
		return nil, err
	}
	err = zw.Close()
	return b.Bytes(), err
}

func zipped(folder string, entries []entry, at time.Time) ([]byte, error) {
	var b bytes.Buffer
	zw := zip.NewWriter(&b)
	for _, e := range entries {
		data, err := os.ReadFile(e.path)
		if err != nil {
			return nil, err
		}
		h := &zip.FileHeader{Name: folder + "/" + e.name, Method: zip.Deflate, Modified: at}
		h.SetMode(e.mode)
		w, err := zw.CreateHeader(h)
		if err != nil {
			return nil, err
		}
		if _, err := w.Write(data); err != nil {
			return nil, err
		}
	}
	err := zw.Close()
	return b.Bytes(), err
}

// checksums writes SHA256SUMS for sha256sum -c.
func checksums(dir string) error {
	files, err := filesBelow(dir)
	if err != nil {
		return err
	}
	slices.Sort(files)
	var b strings.Builder
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			return err
		}
		fmt.Fprintf(&b, "%x  %s\n", sha256.Sum256(data), filepath.Base(f))
	}
	return writeFile(filepath.Join(dir, "SHA256SUMS"), []byte(b.String()))
}

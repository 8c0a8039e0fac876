package master

import (
	"bytes"
	"context"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/amirotate/amirotate/internal/verify"
)

// stampLayout is the time in a backup's name: cert.pem.20150714T010203Z.
const stampLayout = "20060102T150405Z"

var stampEnd = regexp.MustCompile(`\.(\d{8}T\d{6}Z)$`)

// backups are copies of the certificate and the key with the same time in their
// names, newest first.
type backups struct {
	stamps           []string
	certificate, key map[string]verify.File // by stamp; Missing where there is none
}

// readBackups reads what earlier switches have kept.
func (s *Switch) readBackups(ctx context.Context, h Host, seen *sight) (*backups, error) {
	names := slices.Clone(seen.copies)
	if s.Key != "" {
		more, err := h.Copies(ctx, s.Key)
		if err != nil {
			return nil, err
		}
		names = append(names, more...)
	}
	b := &backups{certificate: map[string]verify.File{}, key: map[string]verify.File{}}
	for _, name := range names {
		if m := stampEnd.FindStringSubmatch(name); m != nil && !slices.Contains(b.stamps, m[1]) {
			b.stamps = append(b.stamps, m[1])
		}
	}
	slices.Sort(b.stamps)
	slices.Reverse(b.stamps)
	return b, b.read(ctx, h, s)
}

func (b *backups) read(ctx context.Context, h Host, s *Switch) error {
	if len(b.stamps) == 0 {
		return nil
	}
	var paths []string
	for _, stamp := range b.stamps {
		paths = append(paths, s.Certificate+"."+stamp)
		if s.Key != "" {
			paths = append(paths, s.Key+"."+stamp)
		}
	}
	files, err := h.Read(ctx, paths)
	if err != nil {
		return err
	}
	for _, stamp := range b.stamps {
		b.certificate[stamp], files = files[0], files[1:]
		if s.Key != "" {
			b.key[stamp], files = files[0], files[1:]
		}
	}
	return nil
}

// keep makes sure that what is about to be replaced has its copies, and returns
// the time in their names. Those of an earlier run that died are good enough.
func (s *Switch) keep(ctx context.Context, h Host, seen *sight) (stamp string, err error) {
	have, err := s.readBackups(ctx, h, seen)
	if err != nil {
		return "", err
	}
	due := s.toKeep(seen)
	for _, stamp := range have.stamps {
		if fits, any := have.fit(stamp, due, s); fits && any {
			return stamp, s.copyAll(ctx, h, due, stamp, have)
		}
	}
	at := s.Now().UTC()
	for stamp = at.Format(stampLayout); slices.Contains(have.stamps, stamp); stamp = at.Format(stampLayout) {
		at = at.Add(time.Second)
	}
	return stamp, s.copyAll(ctx, h, due, stamp, have)
}

// toKeep are the files that belong to the old certificate.
func (s *Switch) toKeep(seen *sight) []verify.File {
	var due []verify.File
	if seen.cert != HoldsNew || s.Key == "" {
		due = append(due, seen.certificate)
	}
	if s.Key != "" && seen.keyIs != HoldsNew {
		due = append(due, seen.key)
	}
	return due
}

// fit tells whether the copies of a time are those of the files, as far as they
// are there, and whether any is.
func (b *backups) fit(stamp string, files []verify.File, s *Switch) (fits, any bool) {
	for _, f := range files {
		switch copied := b.of(stamp, f.Path, s); {
		case copied.Status == verify.Missing:
		case copied.Status == verify.Present && bytes.Equal(copied.Content, f.Content):
			any = true
		default:
			return false, false
		}
	}
	return true, any
}

func (b *backups) of(stamp, path string, s *Switch) verify.File {
	if path == s.Certificate {
		return b.certificate[stamp]
	}
	return b.key[stamp]
}

func (s *Switch) copyAll(ctx context.Context, h Host, files []verify.File, stamp string, have *backups) error {
	for _, f := range files {
		if have.of(stamp, f.Path, s).Status == verify.Present {
			continue
		}
		if err := h.Copy(ctx, f.Path, path.Base(slashed(f.Path))+"."+stamp); err != nil {
			return fmt.Errorf("cannot back up the old pair: %w", err)
		}
	}
	return nil
}

// kept names the copies of a time, for people.
func (s *Switch) kept(stamp string) string {
	names := []string{s.Certificate + "." + stamp}
	if s.Key != "" {
		names = append(names, s.Key+"."+stamp)
	}
	return strings.Join(names, " and ")
}

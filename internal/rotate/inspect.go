package rotate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/amirotate/amirotate/internal/stunnelconf"
	"github.com/amirotate/amirotate/internal/verify"
)

// Inspection is what is looked at on a host besides the files to replace. The
// zero value is nothing.
type Inspection struct {
	Windows     bool
	StunnelConf string   // stunnel's live configuration; "": it is not looked at
	StunnelDir  string   // the folder that stunnel takes relative paths from; "": see stunnelconf.SystemOf
	LookIn      []string // folders to look for look-alikes in, with * and ?; none: nowhere at all
	Sizes       []int64  // of the expected old contents, which look-alikes have too; bytes
}

// StunnelError means that the files to replace are not the ones that stunnel
// reads, or that nobody can tell.
type StunnelError struct {
	Reason string
	Remedy string
	Err    error // what else is known of it, or nil
}

func (e *StunnelError) Error() string { return e.Reason }
func (e *StunnelError) Unwrap() error { return e.Err }

// Hint is the remedy.
func (e *StunnelError) Hint() string { return e.Remedy }

// maxIncluded bounds how many files of a folder a configuration may include.
const maxIncluded = 200

// checkStunnel reads stunnel's configuration on a host and makes sure that the
// files to replace are those that stunnel reads: at least one of them is, and
// none that holds an expected old content is left out. Further files may be
// replaced beside them. The error is a *StunnelError if that is not so.
func (n Inspection) checkStunnel(ctx context.Context, host Host, changes []verify.Change) error {
	if n.StunnelConf == "" {
		return nil
	}
	conf, err := n.readStunnel(ctx, host)
	if err != nil {
		return err
	}
	if err := n.oneIsRead(conf, changes); err != nil {
		return err
	}
	return n.noneIsLeftOut(ctx, host, conf, changes)
}

func (n Inspection) system() stunnelconf.System {
	return stunnelconf.SystemOf(n.Windows, n.StunnelConf, n.StunnelDir)
}

func (n Inspection) readStunnel(ctx context.Context, host Host) (*stunnelconf.Config, error) {
	sources, err := readSources(ctx, host, n.StunnelConf)
	if err != nil {
		return nil, err
	}
	conf, err := stunnelconf.Parse(n.system(), sources[0], func(folder string) ([]stunnelconf.Source, error) {
		return readIncluded(ctx, host, folder)
	})
	var wrong *stunnelconf.Error
	if errors.As(err, &wrong) {
		return nil, &StunnelError{Reason: "cannot tell which files stunnel reads: " + err.Error(), Remedy: wrong.Hint(), Err: err}
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read stunnel's configuration: %w", err)
	}
	return conf, nil
}

// readIncluded reads what a configuration includes. A folder in which nothing is
// to be seen may be one that this user may not look into.
func readIncluded(ctx context.Context, host Host, folder string) ([]stunnelconf.Source, error) {
	found, err := host.Find(ctx, verify.Search{Folders: []string{folder}, Depth: 1, Most: maxIncluded})
	switch {
	case err != nil:
		return nil, err
	case len(found) == 0:
		return nil, &StunnelError{Reason: "no file is to be seen in " + folder,
			Remedy: "remove the line if it includes nothing, or log in as a user who may look into that folder"}
	case len(found) == maxIncluded:
		return nil, &StunnelError{Reason: fmt.Sprintf("there are more than %d files in %s", maxIncluded-1, folder),
			Remedy: "leave stunnel_conf out, and make sure by hand that files are the ones that stunnel reads"}
	}
	return readSources(ctx, host, pathsOf(found)...)
}

// readSources reads configuration files, all of which must be there.
func readSources(ctx context.Context, host Host, paths ...string) ([]stunnelconf.Source, error) {
	files, err := host.Read(ctx, paths)
	if err != nil {
		return nil, fmt.Errorf("cannot read stunnel's configuration: %w", err)
	}
	var sources []stunnelconf.Source
	for _, f := range files {
		if f.Status != verify.Present {
			return nil, &StunnelError{
				Reason: fmt.Sprintf("cannot tell which files stunnel reads: its configuration %s is %s%s", f.Path, f.Status, because(f.Problem)),
				Remedy: "name in stunnel_conf the configuration that stunnel is started with, or leave it out",
			}
		}
		sources = append(sources, stunnelconf.Source{Path: f.Path, Content: f.Content})
	}
	return sources, nil
}

func pathsOf(files []verify.File) []string {
	paths := make([]string, len(files))
	for i, f := range files {
		paths[i] = f.Path
	}
	return paths
}

// oneIsRead makes sure that stunnel reads one of the files to replace.
func (n Inspection) oneIsRead(conf *stunnelconf.Config, changes []verify.Change) error {
	files, system := conf.Files(), n.system()
	var replaced []string
	for _, c := range changes {
		replaced = append(replaced, c.Path)
		for _, f := range files {
			if system.Same(f.Path, c.Path) || f.Use == stunnelconf.CApath && system.In(f.Path, c.Path) {
				return nil
			}
		}
	}
	if len(files) == 0 {
		return &StunnelError{
			Reason: fmt.Sprintf("stunnel reads no certificate: %s has no CAfile, cert, key or CApath; but the configuration replaces %s", conf.Path, strings.Join(replaced, ", ")),
			Remedy: "name in stunnel_conf the configuration that stunnel is started with",
		}
	}
	var read, paths []string
	for _, f := range files {
		if !slices.Contains(paths, f.Path) {
			paths = append(paths, f.Path)
			read = append(read, fmt.Sprintf("%s (%v)", f.Path, f.At))
		}
	}
	return &StunnelError{
		Reason: fmt.Sprintf("stunnel reads %s, but the configuration replaces %s", strings.Join(read, ", "), strings.Join(replaced, ", ")),
		Remedy: n.nameIt(paths[0]),
	}
}

// nameIt tells how to mend a configuration that names another file.
func (n Inspection) nameIt(path string) string {
	remedy := fmt.Sprintf("name %s in files", path)
	if n.StunnelDir == "" {
		remedy += "; or say in stunnel_dir from where stunnel takes relative paths, if that is not " + n.system().Dir
	}
	return remedy
}

// noneIsLeftOut makes sure that no file that stunnel reads and that holds an
// expected old content stays as it is.
func (n Inspection) noneIsLeftOut(ctx context.Context, host Host, conf *stunnelconf.Config, changes []verify.Change) error {
	var others []stunnelconf.File
	var paths []string
	for _, f := range conf.Files() {
		if f.Use != stunnelconf.CApath && !n.isAmong(f.Path, changes) && !slices.Contains(paths, f.Path) {
			others, paths = append(others, f), append(paths, f.Path)
		}
	}
	if len(paths) == 0 {
		return nil
	}
	seen, err := host.Read(ctx, paths)
	if err != nil {
		return fmt.Errorf("cannot read the files that stunnel reads: %w", err)
	}
	for i, f := range seen {
		if i < len(others) && holdsOld(f, changes) {
			return &StunnelError{
				Reason: fmt.Sprintf("stunnel reads %s too (%v), which holds an expected old certificate (md5 %s), but the configuration does not replace it",
					others[i].Path, others[i].At, f.MD5),
				Remedy: n.nameIt(others[i].Path),
			}
		}
	}
	return nil
}

func (n Inspection) isAmong(path string, changes []verify.Change) bool {
	return slices.ContainsFunc(changes, func(c verify.Change) bool { return n.system().Same(c.Path, path) })
}

// holdsOld tells whether a file holds what one of the changes expects.
func holdsOld(f verify.File, changes []verify.Change) bool {
	return slices.ContainsFunc(changes, func(c verify.Change) bool { return c.Judge(f) == verify.MatchOld })
}

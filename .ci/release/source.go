package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// source is what is built.
type source struct {
	version string // 1.2.0, or 0.0.0~git20261122.1a2b3c4d5e6f without a tag; "+changed" with changes
	commit  string
	time    time.Time // of the commit
}

// describe asks git.
func describe(ctx context.Context, root string) (source, error) {
	commit, err := git(ctx, root, "rev-parse", "HEAD")
	if err != nil {
		return source{}, err
	}
	seconds, err := git(ctx, root, "log", "-1", "--format=%ct")
	if err != nil {
		return source{}, err
	}
	n, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return source{}, fmt.Errorf("cannot read the commit's time: %w", err)
	}
	s := source{commit: commit, time: time.Unix(n, 0).UTC()}
	s.version = "0.0.0~git" + s.time.Format("20060102") + "." + commit[:12]
	if tag, err := git(ctx, root, "describe", "--tags", "--exact-match", "--match", "v[0-9]*"); err == nil {
		s.version = strings.TrimPrefix(tag, "v")
	}
	changed, err := git(ctx, root, "status", "--porcelain", "--untracked-files=no")
	if changed != "" {
		s.version += "+changed"
	}
	return s, err
}

func git(ctx context.Context, root string, args ...string) (string, error) {
	out, err := command(ctx, root, nil, "git", args...)
	return strings.TrimSpace(string(out)), err
}

// command runs a program and returns what it printed; its error has the rest.
func command(ctx context.Context, dir string, env []string, name string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), env...)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("cannot run %s %s: %w\n%s", name, strings.Join(args, " "), err, errs.String())
	}
	return out, nil
}

// build makes the program, without anything of the machine that makes it, and
// returns its path.
func (r *release) build(ctx context.Context, dir, goos, goarch string) (string, error) {
	path := filepath.Join(dir, "amirotate")
	if goos == "windows" {
		path += ".exe"
	}
	const pkg = "github.com/amirotate/amirotate/internal/cli."
	flags := fmt.Sprintf("-s -w -buildid= -X %sversion=%s -X %scommit=%s -X %sbuilt=%s",
		pkg, r.source.version, pkg, r.source.commit, pkg, r.source.time.Format(time.RFC3339))
	env := []string{"CGO_ENABLED=0", "GOOS=" + goos, "GOARCH=" + goarch, "GOAMD64=v1", "GOARM64=v8.0", "GOFLAGS=", "GOWORK=off"}
	_, err := command(ctx, r.root, env, "go", "build", "-trimpath", "-buildvcs=false", "-ldflags", flags, "-o", path, "./cmd/amirotate")
	return path, err
}

// writeDocs writes the manual pages and the completions.
func (r *release) writeDocs(ctx context.Context) error {
	epoch := fmt.Sprintf("SOURCE_DATE_EPOCH=%d", r.source.time.Unix())
	_, err := command(ctx, r.root, []string{epoch}, "go", "run", "./internal/mandoc", r.docs)
	return err
}

// Command release builds what is handed out: static binaries in archives, Debian
// packages, bills of materials and checksums. From the same commit and the same
// Go release it makes the same bytes, whenever and wherever it runs.
//
//	go run -C .ci/release . [--out DIR] [--targets linux/amd64,…]
//
// It is a module of its own, so that the program does not depend on what makes
// its packages.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
)

// allTargets are those that a release has.
const allTargets = "linux/amd64,linux/arm64,darwin/amd64,darwin/arm64,windows/amd64,windows/arm64"

func main() {
	var r release
	var targets string
	flag.StringVar(&r.root, "root", "../..", "the repository's `DIR`")
	flag.StringVar(&r.out, "out", "dist", "`DIR` to write to, from the repository's; it is emptied first")
	flag.StringVar(&targets, "targets", allTargets, "operating systems and architectures, as `OS/ARCH,…`")
	flag.Parse()
	r.targets = strings.Split(targets, ",")
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := r.make(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

// release is one run.
type release struct {
	root, out string
	targets   []string
	source    source
	docs      string // folder of manual pages and completions
	units     string // folder of systemd's units
}

func (r *release) make(ctx context.Context) error {
	var err error
	if r.root, err = filepath.Abs(r.root); err != nil {
		return err
	}
	if !filepath.IsAbs(r.out) {
		r.out = filepath.Join(r.root, r.out)
	}
	if r.source, err = describe(ctx, r.root); err != nil {
		return err
	}
	if err := os.RemoveAll(r.out); err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "amirotate-release-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	r.docs = filepath.Join(work, "docs")
	if err := r.writeDocs(ctx); err != nil {
		return err
	}
	if err := r.writeUnits(ctx); err != nil {
		return err
	}
	for _, target := range r.targets {
		if err := r.target(ctx, work, target); err != nil {
			return fmt.Errorf("cannot make %s: %w", target, err)
		}
	}
	return checksums(r.out)
}

// target makes all that is handed out for one operating system and architecture.
func (r *release) target(ctx context.Context, work, target string) error {
	goos, goarch, ok := strings.Cut(target, "/")
	if !ok {
		return fmt.Errorf("it is no OS/ARCH")
	}
	fmt.Println("making", target)
	b, err := r.build(ctx, filepath.Join(work, goos+"-"+goarch), goos, goarch)
	if err != nil {
		return err
	}
	bill, err := billOf(b, r.source)
	if err != nil {
		return err
	}
	if err := writeFile(filepath.Join(r.out, r.name(goos, goarch)+".cdx.json"), bill); err != nil {
		return err
	}
	if err := r.archive(b, goos, goarch); err != nil {
		return err
	}
	if goos != "linux" {
		return nil
	}
	return r.deb(b, bill, goarch)
}

func (r *release) name(goos, goarch string) string {
	return fmt.Sprintf("amirotate_%s_%s_%s", r.source.version, goos, goarch)
}

func writeFile(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, data, 0o644)
}

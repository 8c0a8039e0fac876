package replay

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"syscall"

	"github.com/google/go-cmp/cmp"
)

const certificateOnImage = "home/rustbuild/rust-buildbot/rust-bot-cert.pem"

// hostKey is what a host makes at its first boot.
var hostKey = regexp.MustCompile(`^etc/ssh/ssh_host_\w+_key(\.pub)?$`)

// checkImage checks that a replacement is its source with another certificate:
// same owner and mode, and nothing that real shells and daemons left behind.
func (f *farm) checkImage(source, replacement string) {
	f.Helper()
	want, got := f.imageFiles(source), f.imageFiles(replacement)
	want[certificateOnImage] = "-rw-r--r-- 1000:1000 " + digest([]byte(f.read("scenario/new-cert.pem")))
	if diff := cmp.Diff(want, got); diff != "" {
		f.Errorf("%s is not %s with the new certificate (-want +got):\n%s", replacement, source, diff)
	}
}

// imageFiles describes the files of an image.
func (f *farm) imageFiles(image string) map[string]string {
	f.Helper()
	root, files := f.ec2.State().ImageRoot(image), map[string]string{}
	check(f.T, filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil || hostKey.MatchString(rel) {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		var content []byte
		if info.Mode().IsRegular() {
			content, err = os.ReadFile(path)
		}
		owner := info.Sys().(*syscall.Stat_t)
		files[rel] = fmt.Sprintf("%s %d:%d %s", info.Mode(), owner.Uid, owner.Gid, digest(content))
		return err
	}))
	return files
}

func digest(content []byte) string { return fmt.Sprintf("%x", sha256.Sum256(content)) }

package scenario

import (
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"time"
)

func (c *checker) images() {
	if len(c.s.Images)+len(c.s.Static) == 0 {
		c.add("$", "has no images; add at least one under images, or a computer under static")
	}
	seen, names := map[string]bool{}, map[string]bool{}
	for i := range c.s.Images {
		im, at := &c.s.Images[i], fmt.Sprintf("$.images[%d]", i)
		c.id(at+".id", "ami-", im.ID, seen)
		if im.Name != im.ID && !nameForm.MatchString(im.Name) {
			c.add(at+".name", "%q is not an AMI name; write 3 to 128 letters, digits and ()[] ./-'@_", im.Name)
		}
		if names[im.Owner+im.Name] {
			c.add(at+".name", "%s stands twice; an account's AMI names are unique", im.Name)
		}
		names[im.Owner+im.Name] = true
		c.imageSettings(at, im)
		c.files(at+".files", im.Platform, im.Files)
	}
}

func (c *checker) imageSettings(at string, im *Image) {
	c.oneOf(at+".platform", im.Platform, "linux", "windows")
	c.oneOf(at+".state", im.State, "available", "pending", "failed", "disabled", "invalid", "error", "deregistered")
	c.oneOf(at+".architecture", im.Architecture, "x86_64", "i386", "arm64")
	c.oneOf(at+".virtualization_type", im.VirtualizationType, "hvm", "paravirtual")
	c.oneOf(at+".root_device_type", im.RootDeviceType, "ebs", "instance-store")
	c.oneOf(at+".boot_mode", im.BootMode, "", "legacy-bios", "uefi", "uefi-preferred")
	c.oneOf(at+".imds_support", im.IMDSSupport, "", "v2.0")
	c.oneOf(at+".tpm_support", im.TPMSupport, "", "v2.0")
	if im.Owner != "amazon" && !accountForm.MatchString(im.Owner) {
		c.add(at+".owner", "%q is no owner; write self, amazon or an account id of 12 digits in quotes", im.Owner)
	}
	for i, p := range im.LaunchPermissions {
		if p != "all" && !accountForm.MatchString(p) {
			c.add(fmt.Sprintf("%s.launch_permissions[%d]", at, i), "%q is no launch permission; write all or an account id of 12 digits in quotes", p)
		}
	}
	im.CreationTime = c.time(at+".creation_time", im.CreationTimeText)
	if im.DeprecationTimeText != "" {
		im.DeprecationTime = c.time(at+".deprecation_time", im.DeprecationTimeText)
	}
	c.blockDevices(at, im)
}

func (c *checker) time(at, text string) time.Time {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		c.add(at, "%q is not a time; write it as 2015-07-14T02:28:50Z", text)
	}
	return t
}

func (c *checker) blockDevices(at string, im *Image) {
	devices := map[string]bool{}
	for i, b := range im.BlockDevices {
		where := fmt.Sprintf("%s.block_devices[%d]", at, i)
		c.required(where, "device", b.Device)
		if devices[b.Device] {
			c.add(where+".device", "%s stands twice; give each its own device", b.Device)
		}
		devices[b.Device] = true
		if b.Ephemeral != "" {
			if b.Size != 0 || b.Type != "" || b.IOPS != 0 || b.Throughput != 0 || b.Encrypted || b.DeleteOnTermination != nil {
				c.add(where, "%s is instance storage; keep only device and ephemeral", b.Device)
			}
			continue
		}
		c.oneOf(where+".type", b.Type, "gp2", "gp3", "io1", "io2", "st1", "sc1", "standard")
		if b.Size < 1 || b.Size > 65536 {
			c.add(where+".size", "size %d is not 1 to 65536 GiB", b.Size)
		}
	}
}

func (c *checker) files(at, platform string, files []File) {
	seen := map[string]bool{}
	for i := range files {
		f, where := &files[i], fmt.Sprintf("%s[%d]", at, i)
		if !c.required(where, "path", f.Path) {
			continue
		}
		if problem := pathProblem(platform, f.Path); problem != "" {
			c.add(where+".path", "%q %s", f.Path, problem)
		}
		if seen[f.Path] {
			c.add(where+".path", "%s stands twice; keep one", f.Path)
		}
		seen[f.Path] = true
		text, isText := f.ModeSpec.(string) // an octal number without quotes would be read as another one
		mode, err := strconv.ParseUint(text, 8, 12)
		if err != nil || !isText {
			c.add(where+".mode", "not a mode; write an octal one in quotes, such as \"0644\"")
		}
		f.Mode = unixMode(mode)
		c.owner(where, f)
		c.content(where, f)
	}
}

// unixMode turns the twelve bits of chmod into Go's.
func unixMode(bits uint64) fs.FileMode {
	mode := fs.FileMode(bits & 0o777)
	for bit, flag := range map[uint64]fs.FileMode{0o4000: fs.ModeSetuid, 0o2000: fs.ModeSetgid, 0o1000: fs.ModeSticky} {
		if bits&bit != 0 {
			mode |= flag
		}
	}
	return mode
}

func (c *checker) owner(where string, f *File) {
	f.UID, f.GID = -1, -1
	if f.Owner == "" {
		return
	}
	uid, gid, ok := strings.Cut(f.Owner, ":")
	u, err1 := strconv.Atoi(uid)
	g, err2 := strconv.Atoi(gid)
	if !ok || err1 != nil || err2 != nil || u < 0 || g < 0 {
		c.add(where+".owner", "%q is not an owner; write uid:gid as numbers, such as \"1000:1000\"", f.Owner)
		return
	}
	f.UID, f.GID = u, g
}

func (c *checker) content(where string, f *File) {
	sources := 0
	for _, is := range []bool{f.From != "", f.Content != nil, f.Link != "", f.Folder} {
		if is {
			sources++
		}
	}
	if sources != 1 {
		c.add(where, "needs exactly one of from, content, link and folder")
		return
	}
	switch {
	case f.Content != nil:
		f.Bytes = []byte(*f.Content)
	case f.From == "old":
		f.Bytes = c.s.OldCert
	case f.From == "new":
		f.Bytes = c.s.NewCert
	case f.From != "":
		text, err := c.read(f.From)
		if err != nil {
			c.add(where+".from", "cannot read %s: %v; write old, new, or a file relative to the scenario", f.From, err)
		}
		f.Bytes = text
	}
}

// pathProblem says what is wrong with a host's path, "" for nothing.
func pathProblem(platform, p string) string {
	segments := strings.Split(p, "/")
	if platform == "windows" {
		if len(p) < 4 || p[1] != ':' || p[2] != '\\' || !isLetter(p[0]) {
			return `is not an absolute Windows path; write it as C:\folder\file`
		}
		if strings.ContainsAny(p[2:], "/:*?\"<>|\x00") {
			return "holds a character that Windows does not allow in names"
		}
		segments = strings.Split(p[2:], `\`)
	}
	if segments[0] != "" || len(segments) < 2 {
		return "is not an absolute path; begin it with /"
	}
	for _, s := range segments[1:] {
		if s == "" || s == "." || s == ".." || strings.ContainsRune(s, 0) {
			return "is not a plain path; leave out empty parts, . and .."
		}
	}
	return ""
}

func isLetter(b byte) bool { return b|0x20 >= 'a' && b|0x20 <= 'z' }

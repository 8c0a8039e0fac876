package commands

import (
	"io/fs"
	"strconv"
	"strings"

	"github.com/amirotate/amirotate/internal/sandbox/posixhost/rootfs"
)

func chown(p *Process) int {
	return p.changeOwner(func(text string) (uid, gid int, ok bool) {
		owner, group, hasGroup := strings.Cut(text, ":")
		uid, gid = -1, -1
		if owner != "" {
			account, found := p.System.Accounts.Named(owner)
			uid = account.UID
			if !found {
				n, err := strconv.Atoi(owner)
				if err != nil || n < 0 {
					return 0, 0, p.complain("invalid user: %s", quoted(text)) == 0
				}
				uid = n
			} else if hasGroup && group == "" {
				gid = account.GID
			}
		}
		if group != "" {
			if gid, ok = p.System.Accounts.group(group); !ok {
				return 0, 0, p.complain("invalid group: %s", quoted(text)) == 0
			}
		}
		return uid, gid, true
	})
}

func chgrp(p *Process) int {
	return p.changeOwner(func(text string) (uid, gid int, ok bool) {
		if gid, ok = p.System.Accounts.group(text); !ok {
			p.complain("invalid group: %s", quoted(text))
		}
		return -1, gid, ok
	})
}

// changeOwner is chown and chgrp, which differ in what their operand means.
func (p *Process) changeOwner(parse func(string) (uid, gid int, ok bool)) int {
	opts, operands, ok := p.parse("Rhfv", "recursive:R", "no-dereference:h", "reference=")
	if !ok {
		return 1
	}
	var uid, gid int
	if like, given := opts.value("reference"); given {
		info, err := p.FS.Stat(like)
		if err != nil {
			return p.complain("failed to get attributes of %s: %s", quoted(like), words(err))
		}
		if uid, gid = rootfs.Owner(info); p.name() == "chgrp" {
			uid = -1
		}
	} else {
		if len(operands) < 2 {
			return p.complain("missing operand")
		}
		if uid, gid, ok = parse(operands[0]); !ok {
			return 1
		}
		operands = operands[1:]
	}
	status := 0
	for _, name := range operands {
		status = max(status, p.walkChange(name, opts.has("R"), func(name string, info fs.FileInfo) int {
			follow := !opts.has("h") && !(opts.has("R") && info.Mode()&fs.ModeSymlink != 0)
			if err := p.FS.Chown(name, uid, gid, follow); err != nil {
				return p.complain("changing ownership of %s: %s", quoted(name), words(err))
			}
			return 0
		}))
	}
	return status
}

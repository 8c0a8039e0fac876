package commands

import (
	"strconv"
	"strings"

	"github.com/amirotate/amirotate/internal/sandbox/clock"
	"github.com/amirotate/amirotate/internal/sandbox/posixhost/rootfs"
)

// System is what the commands of one instance know of it.
type System struct {
	Hostname string
	Clock    *clock.Clock
	Accounts Accounts
	Own      map[string]Command // what this instance has besides the usual commands
}

// Account is a line of passwd(5).
type Account struct {
	Name     string
	UID, GID int
	Home     string
	Shell    string
}

// Accounts are an instance's users and groups, those that its files name first.
type Accounts struct {
	Users  []Account
	Groups []Group
}

// Group is a line of group(5).
type Group struct {
	Name    string
	GID     int
	Members []string
}

// LoadAccounts reads an image's own passwd and group files, if it has them, and
// adds what is missing: root, and the login user. Without a passwd file the
// login user is whoever owns its home directory, or 1000.
func LoadAccounts(files *rootfs.FS, login string) Accounts {
	view := &rootfs.View{FS: files, Dir: "/"}
	var a Accounts
	for _, f := range records(view, "/etc/passwd", 7) {
		uid, err1 := strconv.Atoi(f[2])
		gid, err2 := strconv.Atoi(f[3])
		if err1 == nil && err2 == nil {
			a.Users = append(a.Users, Account{Name: f[0], UID: uid, GID: gid, Home: f[5], Shell: f[6]})
		}
	}
	for _, f := range records(view, "/etc/group", 4) {
		if gid, err := strconv.Atoi(f[2]); err == nil {
			a.Groups = append(a.Groups, Group{Name: f[0], GID: gid, Members: strings.Split(f[3], ",")})
		}
	}
	if _, ok := a.Named(login); !ok && login != "root" {
		a.Users = append(a.Users, guess(view, login))
	}
	if _, ok := a.Named("root"); !ok {
		a.Users = append(a.Users, Account{Name: "root", Home: "/root", Shell: "/bin/sh"})
	}
	for _, u := range a.Users {
		if a.GroupName(u.GID) == strconv.Itoa(u.GID) {
			a.Groups = append(a.Groups, Group{Name: u.Name, GID: u.GID})
		}
	}
	return a
}

func guess(view *rootfs.View, login string) Account {
	u := Account{Name: login, UID: 1000, GID: 1000, Home: "/home/" + login, Shell: "/bin/sh"}
	if info, err := view.Stat(u.Home); err == nil {
		u.UID, u.GID = rootfs.Owner(info)
	}
	return u
}

// records reads a file of colon-separated fields.
func records(view *rootfs.View, name string, fields int) [][]string {
	content, err := readAll(view, name)
	if err != nil {
		return nil
	}
	var all [][]string
	for line := range strings.Lines(string(content)) {
		if f := strings.Split(strings.TrimRight(line, "\n"), ":"); len(f) == fields {
			all = append(all, f)
		}
	}
	return all
}

// Named finds a user by name.
func (a Accounts) Named(name string) (Account, bool) {
	for _, u := range a.Users {
		if u.Name == name {
			return u, true
		}
	}
	return Account{}, false
}

// UserName returns the name of a user id, or the id in digits.
func (a Accounts) UserName(uid int) string {
	for _, u := range a.Users {
		if u.UID == uid {
			return u.Name
		}
	}
	return strconv.Itoa(uid)
}

// GroupName returns the name of a group id, or the id in digits.
func (a Accounts) GroupName(gid int) string {
	for _, g := range a.Groups {
		if g.GID == gid {
			return g.Name
		}
	}
	return strconv.Itoa(gid)
}

// group finds a group's id by name or digits.
func (a Accounts) group(name string) (int, bool) {
	for _, g := range a.Groups {
		if g.Name == name {
			return g.GID, true
		}
	}
	gid, err := strconv.Atoi(name)
	return gid, err == nil && gid >= 0
}

// Cred returns who a user is, with all the groups it is in.
func (a Accounts) Cred(u Account) rootfs.Cred {
	c := rootfs.Cred{UID: u.UID, GID: u.GID}
	for _, g := range a.Groups {
		for _, m := range g.Members {
			if m == u.Name && g.GID != u.GID {
				c.Groups = append(c.Groups, g.GID)
			}
		}
	}
	return c
}

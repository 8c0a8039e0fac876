package verify

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// Digests are lower-case hexadecimal; "" is unknown (a host under FIPS has no MD5).
type Digests struct {
	MD5    string `json:"md5"`
	SHA256 string `json:"sha256"`
}

// Of returns the digests of b.
func Of(b []byte) Digests {
	m, s := md5.Sum(b), sha256.Sum256(b)
	return Digests{MD5: hex.EncodeToString(m[:]), SHA256: hex.EncodeToString(s[:])}
}

// Status says what stands at a path.
type Status string

// What may stand at a path.
const (
	Present    Status = "present"    // a regular file that was read
	Missing    Status = "missing"    // nothing there, or a dangling link
	Unreadable Status = "unreadable" // something there that could not be read, or not a regular file
)

// File is what a host saw at a path. The zero value is no answer at all and
// never passes.
type File struct {
	Path    string
	Status  Status
	Digests        // of the bytes there; set only if Present
	Size    int64  // bytes
	Mode    string // "0644", or "" where a host has no such thing
	Owner   string // "uid:gid", or the SDDL of owner, group and DACL on Windows
	Content []byte // the bytes, if they were asked for
	Problem string // the host's words when it is Unreadable
}

// Change is one file to replace: where, what it may hold now, what it is to hold.
type Change struct {
	Path string
	Old  []Digests // what the file may hold now; MD5 is always set, SHA256 where it is known
	New  []byte
}

// OldMD5 returns the MD5 of each expected old content.
func (c Change) OldMD5() []string {
	md5s := make([]string, len(c.Old))
	for i, d := range c.Old {
		md5s[i] = d.MD5
	}
	return md5s
}

// Outcome is what a digest means.
type Outcome int

// Outcomes. The zero value is none of them and never passes.
const (
	_ Outcome = iota
	MatchOld
	MatchNew
	OtherContent
	FileMissing
	FileUnreadable
)

func (o Outcome) String() string {
	switch o {
	case MatchOld:
		return "match-old"
	case MatchNew:
		return "match-new"
	case OtherContent:
		return "other"
	case FileMissing:
		return "missing"
	case FileUnreadable:
		return "unreadable"
	}
	return "unknown"
}

// Passes tells whether the outcome lets a rotation go on.
func (o Outcome) Passes() bool { return o == MatchOld || o == MatchNew }

// Judge compares what a host saw with what the change expects. MatchNew needs
// the SHA-256, and the MD5 too where the host could make one. MatchOld needs
// the MD5 or, on a host that could make none, the SHA-256.
func (c Change) Judge(f File) Outcome {
	switch f.Status {
	case Present:
	case Missing:
		return FileMissing
	default:
		return FileUnreadable
	}
	want := Of(c.New)
	if f.SHA256 == want.SHA256 && (f.MD5 == want.MD5 || f.MD5 == "") {
		return MatchNew
	}
	for _, old := range c.Old {
		if f.MD5 != "" && f.MD5 == old.MD5 || f.MD5 == "" && f.SHA256 != "" && f.SHA256 == old.SHA256 {
			return MatchOld
		}
	}
	return OtherContent
}

// Refusal is the error for a file that must not be replaced, or that did not
// prove to be the new one.
type Refusal struct {
	Change  Change
	Seen    File
	Outcome Outcome
}

func (r *Refusal) Error() string {
	switch r.Outcome {
	case FileMissing:
		return fmt.Sprintf("%s: no such file", r.Change.Path)
	case FileUnreadable:
		return fmt.Sprintf("%s: cannot be read: %s", r.Change.Path, r.Seen.Problem)
	case MatchOld:
		return fmt.Sprintf("%s: still holds the old content (md5 %s)", r.Change.Path, r.Seen.MD5)
	}
	return fmt.Sprintf("%s: holds md5 %s (sha256 %s), which is neither an expected old digest (%v) nor the new one (%s)",
		r.Change.Path, r.Seen.MD5, r.Seen.SHA256, r.Change.OldMD5(), Of(r.Change.New).MD5)
}

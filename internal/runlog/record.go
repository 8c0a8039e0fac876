package runlog

import (
	"time"

	"github.com/amirotate/amirotate/internal/cloud"
)

// Format is the number of the records' form that this package writes.
const Format = 1

// The "event" of each kind of record. A step's and the summary's are those of
// rotate --json; readers pass over kinds that they don't know.
const (
	KindRun       = "run"       // first: a Header
	KindPlan      = "plan"      // a PlanRecord
	KindStep      = "step"      // a Step
	KindTruncated = "truncated" // steps were left out from here on: the log is full
	KindUsage     = "usage"     // a Usage
	KindResult    = "result"    // a Result
	KindSummary   = "summary"   // last: a Summary
)

// Header says what ran.
type Header struct {
	Event        string        `json:"event"`
	Format       int           `json:"format"`
	Time         time.Time     `json:"time"`
	ID           string        `json:"id"`
	Command      string        `json:"command"` // rotate or refresh
	Version      Version       `json:"version"`
	Certificates []Certificate `json:"certificates"`
	Prices       []Price       `json:"prices,omitempty"`
}

// Version is what the program was built of.
type Version struct {
	Amirotate string `json:"amirotate"`
	Commit    string `json:"commit"`
	Go        string `json:"go"`
	Platform  string `json:"platform"` // such as linux/amd64
}

// Certificate is one that was to be replaced, or to be put in place.
type Certificate struct {
	Role        string    `json:"role"` // old or new
	File        string    `json:"file"`
	Subject     string    `json:"subject"`
	Serial      string    `json:"serial"`
	NotBefore   time.Time `json:"not_before"`
	NotAfter    time.Time `json:"not_after"`
	Status      string    `json:"status"` // at the run: valid, expired, not-yet-valid
	Fingerprint string    `json:"fingerprint_sha256"`
	FileMD5     string    `json:"file_md5"`
	FileSHA256  string    `json:"file_sha256"`
}

// Plan is what was to be done, as plan --json has it.
type Plan struct {
	Region string `json:"region"`
	List   struct {
		Path    string `json:"path"`
		SHA256  string `json:"sha256"`
		Entries int    `json:"entries"`
	} `json:"list"`
	Images        []PlannedImage `json:"images"`
	StaticWorkers []string       `json:"static_workers"`
	Static        []StaticHost   `json:"static"`
	Problems      []Problem      `json:"problems"`
}

// StaticHost is a computer that is patched in place.
type StaticHost struct {
	Workers  []string `json:"workers"`
	Address  string   `json:"address"`
	Optional bool     `json:"optional"`
}

// PlannedImage is what was to become of one source image.
type PlannedImage struct {
	Source       string   `json:"source"`
	Name         string   `json:"name"`
	Region       string   `json:"region"`
	Platform     string   `json:"platform"`
	Workers      []string `json:"workers"`
	InstanceType string   `json:"instance_type"`
	Action       string   `json:"action"`
	Replacement  string   `json:"replacement"`
}

// Problem is what a plan found.
type Problem struct {
	Severity string `json:"severity"`
	Image    string `json:"image"`
	Message  string `json:"message"`
	Hint     string `json:"hint"`
}

// Step is a stage of an image's, a worker's or the master's way; of the whole
// run, if it names none of them.
type Step struct {
	Time      time.Time `json:"time"`
	Image     string    `json:"image"`
	Worker    string    `json:"worker"`
	Master    string    `json:"master"`
	Step      string    `json:"step"`
	Status    string    `json:"status"`
	ElapsedMS int64     `json:"elapsed_ms"`
	Detail    string    `json:"detail"`
}

// Usage is what a run used of EC2.
type Usage struct {
	Event     string         `json:"event"`
	Calls     []cloud.Calls  `json:"calls"`
	Instances []InstanceUsed `json:"instances"`
	Images    []ImageMade    `json:"images"`
}

// InstanceUsed is a temporary instance that the run launched.
type InstanceUsed struct {
	ID       string    `json:"id"`
	Role     string    `json:"role"` // builder or prover
	Source   string    `json:"source"`
	Type     string    `json:"type"`
	Platform string    `json:"platform"`
	Spot     bool      `json:"spot,omitempty"`
	From     time.Time `json:"from"`
	Until    time.Time `json:"until,omitzero"` // stopped or terminated; zero if it was left running
}

// ImageMade is a replacement that became available during the run.
type ImageMade struct {
	ID  string `json:"id"`
	GiB int    `json:"gib"` // of its volumes: its snapshots take that much at most
}

// Price is what the configuration says that something costs, in US dollars.
type Price struct {
	Type     string  `json:"type"`
	Platform string  `json:"platform,omitempty"` // "" for any
	Hour     float64 `json:"hour"`
}

// Result is what the summary leaves out.
type Result struct {
	Event  string       `json:"event"`
	Diff   string       `json:"diff"`   // of the list, passwords masked; "" if it was not rewritten
	Images []ImageFiles `json:"images"` // the digests of their files
}

// ImageFiles are the looks that a run had at the files of one image.
type ImageFiles struct {
	Source string       `json:"source"`
	Files  []FileLooked `json:"files"`
}

// FileLooked is one file before the patch, after it, and on the prover; a digest
// is "" if the run did not look.
type FileLooked struct {
	Path   string  `json:"path"`
	Before Digests `json:"before"`
	After  Digests `json:"after"`
	Proven Digests `json:"proven"`
}

// Digests are those of a file's bytes, in hex.
type Digests struct {
	MD5    string `json:"md5"`
	SHA256 string `json:"sha256"`
}

// Summary is the last line of rotate --json.
type Summary struct {
	Time          time.Time       `json:"time"`
	Images        []SummaryImage  `json:"images"`
	Static        []SummaryStatic `json:"static"`
	ListRewritten bool            `json:"list_rewritten"`
	Master        *Master         `json:"master"`  // nil if it was left alone
	Overlap       *Overlap        `json:"overlap"` // nil if old and new don\'t overlap
	ExitCode      int             `json:"exit_code"`
	Error         string          `json:"error"`
	Left          []string        `json:"left"`
}

// SummaryImage is what has become of one source image.
type SummaryImage struct {
	Source      string `json:"source"`
	Replacement string `json:"replacement"`
	Status      string `json:"status"`
	Error       string `json:"error"`
	LookAlikes  []struct {
		Path string `json:"path"`
		MD5  string `json:"md5"`
	} `json:"look_alikes"` // files that hold an old certificate and were left alone
}

// Master is what has become of the buildmaster.
type Master struct {
	Address     string `json:"address"`
	Status      string `json:"status"`
	Certificate struct {
		Path   string  `json:"path"`
		Before Digests `json:"before"`
		After  Digests `json:"after"`
	} `json:"certificate"`
	Commands []struct {
		Run       string `json:"run"`
		Status    int    `json:"status"` // exit status; -1 if it did not end by itself
		ElapsedMS int64  `json:"elapsed_ms"`
		Error     string `json:"error"`
	} `json:"commands"`
	Presented string `json:"presented"` // SHA-256 fingerprint
	Error     string `json:"error"`
}

// Overlap is how far the overlap of old and new has come.
type Overlap struct {
	Stage    string   `json:"stage"`
	Why      string   `json:"why"`
	Next     string   `json:"next"`
	InTheWay []string `json:"in_the_way"`
}

// SummaryStatic is what has become of one static host, with its files' MD5s.
type SummaryStatic struct {
	Workers []string `json:"workers"`
	Status  string   `json:"status"`
	Error   string   `json:"error"`
	Files   []struct {
		Path   string `json:"path"`
		Before string `json:"before"`
		After  string `json:"after"`
	} `json:"files"`
}

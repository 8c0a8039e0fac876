package rotate

import "time"

// Step is a stage of an image's rotation, or of the whole run.
type Step string

// Steps, in the order in which an image goes through them. From List on they are
// of the whole run.
const (
	Launch  Step = "launch"  // a builder is started from the source image
	Connect Step = "connect" // it answers, and its host key is the one that it should be
	Patch   Step = "patch"   // the files are replaced and read back
	Update  Step = "update"  // refresh's commands are run there, where there are any
	Stop    Step = "stop"    // it is stopped, so that its disks are at rest
	Bake    Step = "bake"    // an image is made of it
	Prove   Step = "prove"   // a prover is booted from that image and its files are read
	List    Step = "list"    // the slave list is rewritten
	Overlap Step = "overlap" // how far the overlap of old and new has come is looked at
	Install Step = "install" // certificate and key are put in place on the buildmaster
	Command Step = "command" // a command is run there
	Check   Step = "check"   // it presents the new certificate
	Clean   Step = "clean"   // temporary instances are terminated
)

// imageSteps are the steps that every image goes through.
var imageSteps = [...]Step{Launch, Connect, Patch, Stop, Bake, Prove}

// Status is what has become of a step.
type Status string

// Statuses of a step.
const (
	Start   Status = "start"   // has begun
	OK      Status = "ok"      // is done
	Failed  Status = "failed"  // could not be done; Detail says why
	Skipped Status = "skipped" // was not needed; Detail says why
)

// Event is one thing that happened. It never holds a secret.
type Event struct {
	Time      time.Time `json:"time"`
	Event     string    `json:"event"` // always "step"
	Image     string    `json:"image"`
	Worker    string    `json:"worker,omitempty"` // of a static host: its first worker in the list
	Step      Step      `json:"step"`
	Status    Status    `json:"status"`
	ElapsedMS int64     `json:"elapsed_ms"` // since the step's start
	Detail    string    `json:"detail"`
}

// Reporter is told what happens, from several goroutines at once.
type Reporter interface {
	Report(Event)
}

package scenario

import (
	"fmt"
	"path"
	"regexp"

	"github.com/amirotate/amirotate/internal/sandbox/machine"
)

// Errors of an action that are no code of EC2's.
const (
	Reset               = "reset"                  // the connection is cut before anything happened
	LostResponse        = "lost-response"          // the call takes effect, then the connection is cut
	NotFoundAfterCreate = "not-found-after-create" // what was made is not to be seen by the next two calls
	ImageFails          = "image-fails"            // the image ends as failed
	InstanceDies        = "instance-dies"          // the instance ends as terminated, with Server.InternalError
)

var codeForm = regexp.MustCompile(`^[A-Z][A-Za-z]+(\.[A-Z][A-Za-z]+)*$`)

func (c *checker) faults() {
	for i, f := range c.s.Faults {
		at := fmt.Sprintf("$.faults[%d]", i)
		switch {
		case f.Seed != nil:
			c.randomFaults(at, f)
		case f.Rate != 0 || f.Most != nil:
			c.add(at, "rate and most belong to a seed")
		case f.Action != "" && f.Host == "":
			c.actionFault(at, f)
		case f.Host != "" && f.Action == "":
			c.hostFault(at, f)
		default:
			c.add(at, "needs either action and error, or host, at and do, or seed and rate")
		}
		if f.Nth < 0 {
			c.add(at+".nth", "nth %d is negative; write 1 for the first, 0 for every", f.Nth)
		}
		if f.Repeat < 1 {
			c.add(at+".repeat", "repeat %d is not 1 or more", f.Repeat)
		}
	}
}

func (c *checker) randomFaults(at string, f Fault) {
	if f.Action+f.Error+f.Host+f.At+f.Do != "" || f.NthSpec != nil || f.RepeatSpec != nil {
		c.add(at, "a seed stands alone with rate and most")
	}
	if !(f.Rate > 0 && f.Rate <= 1) {
		c.add(at+".rate", "rate %v is not above 0 and up to 1", f.Rate)
	}
	if f.Most != nil && *f.Most < 1 {
		c.add(at+".most", "most %d is not 1 or more", *f.Most)
	}
}

func (c *checker) actionFault(at string, f Fault) {
	if f.At != "" || f.Do != "" {
		c.add(at, "at and do belong to a host; an action has error")
	}
	if _, err := path.Match(f.Action, ""); err != nil {
		c.add(at+".action", "%q is not an action; write one such as RunInstances or Describe*", f.Action)
	}
	if !c.required(at, "error", f.Error) {
		return
	}
	switch f.Error {
	case Reset, LostResponse, NotFoundAfterCreate, ImageFails, InstanceDies:
	default:
		if !codeForm.MatchString(f.Error) {
			c.add(at+".error", "%q is no error; write one of EC2's codes, or %s, %s, %s, %s or %s",
				f.Error, Reset, LostResponse, NotFoundAfterCreate, ImageFails, InstanceDies)
		}
	}
}

func (c *checker) hostFault(at string, f Fault) {
	if f.Error != "" {
		c.add(at+".error", "error belongs to an action; a host has at and do")
	}
	if f.Host != "*" && !isID("ami-", f.Host) && !isID("i-", f.Host) && !c.s.hasStatic(f.Host) && (f.Host != MasterHost || c.s.Master == nil) {
		c.add(at+".host", "%q is no host; write an image's id, an instance's id, a static host's name, master, or \"*\"", f.Host)
	}
	c.oneOf(at+".at", f.At, machine.AtBoot, machine.AtConnect, machine.AtRead, machine.AtPatch, machine.AtVerify, machine.AtRun,
		machine.AtCopy, machine.AtDone, machine.AtHandshake)
	c.oneOf(at+".do", f.Do, machine.DropConnection, machine.Hang, machine.DiskFull, machine.FlipByte,
		machine.WrongHostKey, machine.PowerOff, machine.RestartBastion)
}

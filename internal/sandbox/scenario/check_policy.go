package scenario

import (
	"encoding/json"

	"github.com/amirotate/amirotate/internal/sandbox/iam"
)

// policy reads the policy document that is to be enforced: a mapping in the
// scenario itself, or a file.
func (c *checker) policy() {
	var text []byte
	var err error
	switch spec := c.s.PolicySpec.(type) {
	case nil:
		return
	case string:
		if text, err = c.read(spec); err != nil {
			c.add("$.policy", "cannot read %s: %v; name a policy document relative to the scenario, or write it here", spec, err)
			return
		}
	default:
		if text, err = json.Marshal(spec); err != nil {
			c.add("$.policy", "it is no policy document: %v", err)
			return
		}
	}
	if c.s.Policy, err = iam.Parse(text); err != nil {
		c.add("$.policy", "the policy cannot be enforced: %v", err)
	}
}

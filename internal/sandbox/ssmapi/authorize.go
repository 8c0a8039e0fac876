package ssmapi

import (
	"encoding/json"
	"strings"

	"github.com/amirotate/amirotate/internal/sandbox/iam"
)

// authorize asks the policy for all that a call needs: each parameter that it
// names, or nothing in particular.
func (s *Server) authorize(action string, body []byte) error {
	if s.opts.Policy == nil {
		return nil
	}
	var named struct {
		Name  string
		Names []string
		Path  string
	}
	_ = json.Unmarshal(body, &named) // what is no JSON is refused afterwards
	var needs []iam.Request
	for _, name := range append(named.Names, named.Name, named.Path) {
		if name != "" {
			name, _, _ = strings.Cut(name, ":") // a version or label
			needs = append(needs, iam.Request{Action: "ssm:" + action, Resource: s.parameters.arn + "/" + strings.TrimPrefix(name, "/")})
		}
	}
	if action == "DescribeParameters" || len(needs) == 0 {
		needs = []iam.Request{{Action: "ssm:" + action, Resource: "*"}}
	}
	refusal := s.opts.Policy().Check(needs...)
	if refusal == nil {
		return nil
	}
	return refuse("AccessDeniedException", "%s", refusal.Reason("arn:aws:iam::"+s.opts.Account+":user/ops"))
}

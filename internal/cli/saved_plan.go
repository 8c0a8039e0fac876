package cli

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/amirotate/amirotate/internal/config"
	"github.com/amirotate/amirotate/internal/rotate"
	"github.com/google/renameio/v2/maybe"
)

// savePlan writes a plan for rotate --plan.
func savePlan(path string, plan *rotate.Plan) error {
	data, err := json.MarshalIndent(plan, "", "  ")
	if err != nil {
		return err
	}
	if err := maybe.WriteFile(path, append(data, '\n'), 0o644); err != nil {
		return usagef("name a file in a folder that is there and may be written", "cannot save the plan: %w", err)
	}
	return nil
}

// checkSavedPlan refuses a plan that no longer describes what would be done.
func checkSavedPlan(path string, now *rotate.Plan) error {
	data, err := config.ReadFile("plan", path)
	if err != nil {
		return err
	}
	saved := &rotate.Plan{}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(saved); err != nil {
		return usagef("make it with 'amirotate plan --out "+path+"'", "cannot read the plan %s: %w", path, err)
	}
	if changed := now.ChangedSince(saved); len(changed) > 0 {
		return usagef("look at a new plan, and save it if it is right: amirotate plan --out "+path,
			"cannot carry out %s, things have changed since:\n  %s", path, strings.Join(changed, "\n  "))
	}
	return nil
}

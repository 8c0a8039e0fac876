package cloud

// Calls is how often one action of EC2's API was called. An attempt that was
// repeated counts each time.
type Calls struct {
	Action string `json:"action"`
	DryRun bool   `json:"dry_run,omitempty"` // rehearsals, which EC2 always answers by an error
	Count  int    `json:"count"`
	Failed int    `json:"failed,omitempty"` // of them; a rehearsal never counts as one
}

package rotate

import (
	"cmp"
	"context"
	"fmt"

	"github.com/amirotate/amirotate/internal/cloud"
	"github.com/amirotate/amirotate/internal/command"
	"github.com/amirotate/amirotate/internal/master"
	"github.com/amirotate/amirotate/internal/slavelist"
	"github.com/amirotate/amirotate/internal/verify"
)

// Action is what a plan means to do with a source image.
type Action string

// Actions.
const (
	Replace Action = "replace" // make and prove a replacement, or go on with one that a dead run began
	Reuse   Action = "reuse"   // a proven replacement exists; only the list is to be changed
	None    Action = "none"    // the image is itself a proven replacement with this patch
	Blocked Action = "blocked" // a problem of severity error stands in the way
)

// Plan is what a rotation would do. Its JSON is a contract.
type Plan struct {
	Region        string        `json:"region"` // the configuration's own
	List          ListPlan      `json:"list"`
	Images        []*ImagePlan  `json:"images"`
	StaticWorkers []string      `json:"static_workers"`   // workers without ami=
	Static        []*StaticPlan `json:"static"`           // the computers that they run on
	Master        *master.Plan  `json:"master,omitempty"` // nil: nobody looks after it
	Problems      []Problem     `json:"problems"`
	Overlap       *Progress     `json:"overlap,omitempty"` // how far it has come; with strategy overlap

	list *slavelist.List
}

// ListPlan is what would become of the slave list.
type ListPlan struct {
	Path    string `json:"path"`
	SHA256  string `json:"sha256"` // of the bytes that were read
	Entries int    `json:"entries"`
	// Edits are the ami= values to change, Comments the image ids in comment
	// lines; To is "" while the replacement is not made.
	Edits    []slavelist.Edit        `json:"edits"`
	Comments []slavelist.CommentEdit `json:"comments,omitempty"`
}

// ImagePlan is what would become of one source image.
type ImagePlan struct {
	Source       string       `json:"source"`
	Region       string       `json:"region"`
	Name         string       `json:"name"`
	Platform     string       `json:"platform"`
	Workers      []string     `json:"workers"`
	InstanceType string       `json:"instance_type"`
	Action       Action       `json:"action"`
	Replacement  string       `json:"replacement"` // id, "" while there is none
	Patch        string       `json:"patch"`
	Changes      []ChangePlan `json:"changes"`
	Launch       LaunchPlan   `json:"launch"`

	image        cloud.Image
	changes      []verify.Change
	commands     []command.Command // to be run on the builder
	inspection   Inspection
	permissions  []cloud.Permission // of the source image
	permitted    bool               // permissions have been read
	certificate  verify.Digests     // of the one among the changes
	trusts       []string           // pins of the certificates in that file
	certNotAfter string             // RFC 3339, "" if unknown
}

// LaunchPlan is where and how builder and prover would be launched.
type LaunchPlan struct {
	SecurityGroups  []string `json:"security_groups"` // ids
	Subnets         []string `json:"subnets"`         // ids, to be tried in turn; none is EC2's choice
	KeyPair         string   `json:"key_pair,omitempty"`
	InstanceProfile string   `json:"instance_profile,omitempty"`
	Spot            bool     `json:"spot,omitempty"`
}

// ChangePlan is one file to replace, as a plan shows it.
type ChangePlan struct {
	Path   string   `json:"path"`
	OldMD5 []string `json:"old_md5"`
	NewMD5 string   `json:"new_md5"`
}

// Errors returns the problems of severity error.
func (p *Plan) Errors() []Problem {
	var errs []Problem
	for _, problem := range p.Problems {
		if problem.Severity == Error {
			errs = append(errs, problem)
		}
	}
	return errs
}

// Due tells whether a rotation would change anything.
func (p *Plan) Due() bool {
	for _, img := range p.Images {
		if img.Action == Replace || img.Action == Reuse {
			return true
		}
	}
	return p.masterDue()
}

// unmade stands for the id of a replacement that is not made yet.
const unmade = "ami-00000000"

// fillEdits sets what would become of the list, by the actions.
func (p *Plan) fillEdits() error {
	ids := map[string]string{}
	for _, img := range p.Images {
		if img.Action == Replace || img.Action == Reuse {
			ids[img.Source] = cmp.Or(img.Replacement, unmade)
		}
	}
	rewrite, err := p.list.Replace(ids)
	if err != nil {
		return err
	}
	for i, e := range rewrite.Edits {
		if e.To == unmade {
			rewrite.Edits[i].To = ""
		}
	}
	for i, e := range rewrite.Comments {
		if e.To == unmade {
			rewrite.Comments[i].To = ""
		}
	}
	p.List.Edits, p.List.Comments = append([]slavelist.Edit{}, rewrite.Edits...), rewrite.Comments
	return nil
}

// source finds an image plan by its source's id, or nil.
func (p *Plan) source(id string) *ImagePlan {
	for _, img := range p.Images {
		if img.Source == id {
			return img
		}
	}
	return nil
}

// readPermissions returns the launch permissions that the replacement is to
// have, which are read once.
func (p *ImagePlan) readPermissions(ctx context.Context, images Images) ([]cloud.Permission, error) {
	if p.permitted {
		return p.permissions, nil
	}
	permissions, err := images.LaunchPermissions(ctx, p.Source)
	if err != nil {
		return nil, fmt.Errorf("cannot read the launch permissions of %s: %w", p.Source, err)
	}
	p.permissions, p.permitted = permissions, true
	return permissions, nil
}

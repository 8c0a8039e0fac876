package cli

import (
	"bytes"
	"slices"

	"github.com/amirotate/amirotate/internal/cert"
	"github.com/amirotate/amirotate/internal/config"
	"github.com/amirotate/amirotate/internal/rotate"
	"github.com/amirotate/amirotate/internal/slavelist"
)

// checkAccess finds what hosts are reached with and is not there, before
// anything is launched: keys, passwords, known hosts, authorities.
func checkAccess(p config.Platform, getenv func(string) string) error {
	if p.Transport == config.TransportWinRM {
		return checkWinRM(p, getenv)
	}
	for _, key := range p.IdentityFiles {
		if err := readable("private key", key); err != nil {
			return err
		}
	}
	if p.HostKey == config.HostKeyKnownHosts && p.KnownHosts != "" {
		return readable("known hosts", p.KnownHosts)
	}
	return nil
}

func checkWinRM(p config.Platform, getenv func(string) string) error {
	if p.CAFile != "" {
		if _, err := cert.Load(p.CAFile); err != nil {
			return err
		}
	}
	switch pw := p.Password; {
	case pw.Env != "" && getenv(pw.Env) == "":
		return usagef("export it before the run", "cannot log in to Windows hosts as %s: the password's environment variable %s is not set", p.User, pw.Env)
	case pw.EC2 != "":
		return readable("private key", pw.EC2)
	case pw.File != "":
		return checkPasswordFile(pw.File)
	}
	return nil
}

func checkPasswordFile(path string) error {
	data, err := config.ReadFile("password", path)
	if err == nil && len(bytes.TrimSpace(data)) == 0 {
		return usagef("write the password on its first line", "cannot log in to Windows hosts: the password file %s is empty", path)
	}
	return err
}

func readable(what, path string) error {
	_, err := config.ReadFile(what, path)
	return err
}

// accessProblem makes a problem of what keeps hosts from being reached.
func accessProblem(err error) rotate.Problem {
	problem := rotate.Problem{Code: "access", Severity: rotate.Error, Message: err.Error(), Hint: hintOf(err)}
	if problems := configProblems(err); len(problems) == 1 {
		problem.Message, problem.Hint = problems[0].Message, problems[0].Hint
	}
	return problem
}

// block makes an error a problem of a planned image, whose lines of the list
// then stay as they are.
func block(plan *rotate.Plan, img *rotate.ImagePlan, err error) {
	problem := accessProblem(err)
	problem.Image = img.Source
	blockImage(plan, problem)
}

// blockImage adds a problem to a plan and keeps the image that has it out.
func blockImage(plan *rotate.Plan, problem rotate.Problem) {
	plan.Problems = append(plan.Problems, problem)
	for _, img := range plan.Images {
		if img.Source == problem.Image {
			img.Action = rotate.Blocked
		}
	}
	plan.List.Edits = slices.DeleteFunc(plan.List.Edits, func(e slavelist.Edit) bool { return e.From == problem.Image })
	plan.List.Comments = slices.DeleteFunc(plan.List.Comments, func(e slavelist.CommentEdit) bool { return e.From == problem.Image })
}

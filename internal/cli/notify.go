package cli

import (
	"bytes"
	"context"
	"errors"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/amirotate/amirotate/internal/command"
	"github.com/amirotate/amirotate/internal/config"
	"github.com/amirotate/amirotate/internal/master"
	"github.com/amirotate/amirotate/internal/notify"
	"github.com/amirotate/amirotate/internal/rotate"
	"github.com/amirotate/amirotate/internal/ui"
)

// ending is how a run ended, as those who are notified are told.
type ending struct {
	command  string // rotate or refresh
	list     string
	err      error
	result   *rotate.Result // nil if nothing was started
	made     bool           // a certificate
	notAfter time.Time      // of the certificate to be put in place, zero if it is not known
}

// Events of notifications.
const (
	eventSuccess = "success"
	eventFailure = "failure"
)

// event is "" if there is nothing to notify of: nothing was done, or somebody
// has interrupted the run.
func (e ending) event() string {
	switch code := exitCode(e.err); {
	case code == exitInterrupted:
		return ""
	case code != exitOK:
		return eventFailure
	case e.made || e.replaced() > 0 || e.result != nil && (e.result.ListRewritten || e.switched()):
		return eventSuccess
	}
	return ""
}

func (e ending) images(statuses ...string) int {
	if e.result == nil {
		return 0
	}
	n := 0
	for _, img := range e.result.Images {
		if slices.Contains(statuses, img.Status) {
			n++
		}
	}
	return n
}

// switched tells whether anything was done on the buildmaster.
func (e ending) switched() bool {
	return e.result.Master != nil && e.result.Master.Status != master.StatusUnchanged
}

func (e ending) replaced() int { return e.images(rotate.StatusReplaced, rotate.StatusReused) }

// variables are the few words of the summary that a command gets in its
// environment.
func (e ending) variables() map[string]string {
	all, rewritten, text, until := 0, false, "", ""
	if e.result != nil {
		all, rewritten = len(e.result.Images), e.result.ListRewritten
	}
	if e.err != nil {
		text, _ = explain(e.err)
	}
	if !e.notAfter.IsZero() {
		until = e.notAfter.UTC().Format(time.RFC3339)
	}
	return map[string]string{
		"AMIROTATE_EVENT":                 e.event(),
		"AMIROTATE_COMMAND":               e.command,
		"AMIROTATE_EXIT_CODE":             strconv.Itoa(exitCode(e.err)),
		"AMIROTATE_ERROR":                 text,
		"AMIROTATE_LIST":                  e.list,
		"AMIROTATE_LIST_REWRITTEN":        strconv.FormatBool(rewritten),
		"AMIROTATE_IMAGES":                strconv.Itoa(all),
		"AMIROTATE_IMAGES_REPLACED":       strconv.Itoa(e.replaced()),
		"AMIROTATE_IMAGES_FAILED":         strconv.Itoa(e.images(rotate.StatusFailed, rotate.StatusRefused, rotate.StatusBlocked, rotate.StatusInterrupted)),
		"AMIROTATE_CERTIFICATE_MADE":      strconv.FormatBool(e.made),
		"AMIROTATE_CERTIFICATE_NOT_AFTER": until,
	}
}

// notify runs the commands that are to be told. One that fails is a warning.
func (g *globals) notify(ctx context.Context, c *config.Config, e ending) {
	var commands []config.Command
	switch e.event() {
	case eventSuccess:
		commands = c.Notify.OnSuccess
	case eventFailure:
		commands = c.Notify.OnFailure
	}
	if len(commands) == 0 {
		return
	}
	var text bytes.Buffer
	err := ui.NewJSON(&text).Write(struct {
		ui.Summary
		Command string `json:"command"`
	}{ui.NewSummary(g.Now(), e.result, exitCode(e.err), e.err), e.command})
	message := notify.Message{JSON: text.Bytes(), Variables: e.variables()}
	for _, told := range commands {
		err = errors.Join(err, notify.Send(ctx, command.Command(told), message, g.environWithout(c.SecretVariables())))
	}
	if err != nil {
		writeError(g.Stderr, &hintedError{err, "the run itself has ended as it is told above; see notify in the configuration"})
	}
}

// environWithout is the environment without the variables that hold secrets of
// the farm.
func (g *globals) environWithout(names []string) []string {
	environ := g.Environ
	if environ == nil {
		environ = os.Environ()
	}
	return slices.DeleteFunc(slices.Clone(environ), func(entry string) bool {
		name, _, _ := strings.Cut(entry, "=")
		return slices.Contains(names, name)
	})
}

func (r *refreshing) ended(err error) ending {
	return ending{command: "refresh", list: r.config.SlaveList, err: err, result: r.result,
		made: r.ensured != nil && r.ensured.Changed, notAfter: r.notAfter}
}

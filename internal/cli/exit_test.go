package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/amirotate/amirotate/internal/cert"
	"github.com/amirotate/amirotate/internal/cloud"
	"github.com/amirotate/amirotate/internal/config"
	"github.com/amirotate/amirotate/internal/rotate"
	"github.com/amirotate/amirotate/internal/slavelist"
)

func TestExitCodes(t *testing.T) {
	credentials := &cloud.Error{Kind: cloud.Credentials, Op: "DescribeImages", Message: "expired"}
	problem := rotate.Problem{Severity: rotate.Error, Message: "no group", Hint: "name one"}
	for _, tc := range []struct {
		name string
		err  error
		code int
		text string // what people read
	}{
		{"nothing", nil, 0, ""},
		{"due", codeError(exitDue), 3, ""},
		{"anything", errors.New("disk on fire"), 1, "amirotate: cannot go on: disk on fire\n"},
		{"says cannot itself", errors.New("cannot fly"), 1, "amirotate: cannot fly\n"},
		{"usage", usagef("try less", "cannot do %d", 7), 2, "amirotate: cannot do 7\n  hint: try less\n"},
		{"config", &config.Error{Problems: []config.Problem{{File: "c", Line: 1, Column: 2, Message: "bad", Hint: "mend it"}}}, 2,
			"amirotate: cannot use the configuration: c:1:2: bad\n  hint: mend it\n"},
		{"list", &slavelist.ParseError{Name: "l", Problems: []slavelist.Problem{{Line: 3, Message: "bad", Hint: "mend it"}}}, 2,
			"amirotate: cannot read l: line 3: bad\n  hint: mend it\n"},
		{"list twice", &slavelist.ParseError{Name: "l", Problems: []slavelist.Problem{{Line: 3, Message: "bad", Hint: "mend it"}, {Line: 4, Message: "worse", Hint: "mend it"}}}, 2,
			"amirotate: cannot read l: 2 problems\nl:3: bad\nl:4: worse\n  hint: mend it\n"},
		{"certificate", &cert.Error{Name: "c", Reason: "it is empty"}, 2, "amirotate: cannot read c: it is empty\n"},
		{"blocked", &rotate.BlockedError{Problems: []rotate.Problem{problem, problem}}, 2,
			"amirotate: cannot go ahead: no group\n  hint: name one\n"},
		{"blocked twice", &rotate.BlockedError{Problems: []rotate.Problem{problem, {Message: "no key"}}}, 2,
			"amirotate: cannot go ahead: 2 problems stand in the way\n- no group\n  hint: name one\n- no key\n"},
		{"credentials before", beforeStart(credentials), 2, ""},
		{"credentials later", credentials, 1, ""},
		{"nobody answers", beforeStart(&cloud.Error{Kind: cloud.Unavailable, Op: "DescribeImages", Message: "no answer"}), 1,
			"amirotate: cannot DescribeImages: no answer\n  hint: check the network, a proxy's settings, and AWS_ENDPOINT_URL if it is set; then run it again\n"},
		{"some done", &rotate.PartialError{All: 2, Done: 1, Causes: []error{errors.New("cannot boot")}}, 4,
			"amirotate: cannot finish: 1 of 2 images have no proven replacement: cannot boot\n  hint: " + runAgain + "\n"},
		{"none done", &rotate.PartialError{All: 2, Causes: []error{credentials, credentials}}, 1, ""},
		{"all refused", &rotate.PartialError{All: 2, Refused: 2, Causes: []error{errors.New("a"), errors.New("b")}}, 4,
			"amirotate: cannot finish: 2 of 2 images have no proven replacement\n- a\n- b\n  hint: " + runAgain + "\n"},
		{"list changed", fmt.Errorf("cannot rewrite l: %w", rotate.ErrListChanged), 4, ""},
		{"list untouched", &untouchedError{errors.New("no space left")}, 4, ""},
		{"interrupted", rotate.ErrInterrupted, 130, "amirotate: cannot finish: interrupted\n  hint: " + runAgain + "\n"},
		{"interrupted while reading", fmt.Errorf("cannot look: %w", context.Canceled), 130, ""},
		{"interrupted and not cleaned", errors.Join(rotate.ErrInterrupted, credentials), 130, ""},
		{"steers the terminal", errors.New("cannot \x1b[2J"), 1, "amirotate: cannot \\x1b[2J\n"},
	} {
		if got := exitCode(tc.err); got != tc.code {
			t.Errorf("%s: exit code %d, want %d", tc.name, got, tc.code)
		}
		var out bytes.Buffer
		writeError(&out, tc.err)
		if tc.text != "" && out.String() != tc.text {
			t.Errorf("%s reads\n%swant\n%s", tc.name, &out, tc.text)
		}
		if tc.code != 0 && tc.code != 3 && !strings.HasPrefix(out.String(), "amirotate: cannot ") {
			t.Errorf("%s reads %s", tc.name, &out)
		}
	}
}

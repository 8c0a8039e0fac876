package cli

import (
	"encoding/json"
	"fmt"
	"github.com/amirotate/amirotate/internal/cloud"
	"io"

	"github.com/amirotate/amirotate/internal/ui"
)

// printJSON writes a value for programs.
func (g *globals) printJSON(v any) error {
	enc := json.NewEncoder(g.Stdout)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// out is for people: what certificates say of themselves may hold anything.
func (g *globals) out() io.Writer { return ui.Printable(g.Stdout) }

// reportEach tells about errors that did not end the command.
func (g *globals) reportEach(errs []error) {
	for _, err := range errs {
		if cloud.KindOf(err) != cloud.Unknown {
			err = beforeStart(err) // for its remedy
		}
		writeError(g.Stderr, err)
	}
}

func texts(errs []error) []string {
	all := make([]string, len(errs))
	for i, err := range errs {
		all[i] = err.Error()
	}
	return all
}

// tellWarning tells about an error that is no reason to fail; nil is none.
func (g *globals) tellWarning(err error) {
	if err != nil {
		fmt.Fprintf(ui.Printable(g.Stderr), "amirotate: warning: %v\n", err)
	}
}

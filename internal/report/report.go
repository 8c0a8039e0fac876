package report

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io"

	"github.com/amirotate/amirotate/internal/runlog"
)

//go:embed page.html.tmpl style.css
var files embed.FS

// Write writes the page of a run.
func Write(w io.Writer, run *runlog.Run) error {
	t, err := template.New("page.html.tmpl").Funcs(functions()).ParseFS(files, "page.html.tmpl")
	if err != nil {
		return err
	}
	style, err := files.ReadFile("style.css")
	if err != nil {
		return err
	}
	p := newPage(run)
	p.Style = template.CSS(style)
	var page bytes.Buffer
	if err := t.Execute(&page, p); err != nil {
		return fmt.Errorf("cannot make the report: %w", err)
	}
	_, err = w.Write(page.Bytes())
	return err
}

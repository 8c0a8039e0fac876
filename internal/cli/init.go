package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/amirotate/amirotate/internal/config"
	"github.com/amirotate/amirotate/internal/draft"
	"github.com/amirotate/amirotate/internal/ui"
	"github.com/google/renameio/v2"
	"github.com/spf13/cobra"
)

// initOptions are init's own flags.
type initOptions struct {
	out      string // path; "-" for stdout
	force    bool
	endpoint string   // host:port
	stunnel  []string // paths
}

func initCommand(g *globals) *cobra.Command {
	var flags config.Flags
	var o initOptions
	cmd := &cobra.Command{
		Use:   "init",
		Short: "Write a first configuration, with what can be found filled in",
		Long: `init writes a commented amirotate.yaml. It takes what the flags say, looks for the
rest in this folder (slave-list.txt, certificates and their keys, a host's
stunnel.conf), in the AWS configuration and in EC2 (platforms, security groups,
subnet, an instance that is reached), and on a terminal asks for what is needed and
still missing. What nobody knows is a commented line that says what to fill in.

EC2 is only looked at. A file that is there is not overwritten without --force.

Exit codes: 0 written; 1 failed; 2 bad usage or input, nothing was written; 130
interrupted.`,
		Example: `  amirotate init
  amirotate init --slave-list slave-list.txt --bastion ops@bastion.example.org:22
  amirotate init --endpoint bot.example.org:9988 --out farm/amirotate.yaml
  amirotate init --out - | less`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return g.initialize(cmd.Context(), flags, o) },
	}
	rotationFlags(cmd, &flags)
	cmd.Flags().StringVar(&o.endpoint, "endpoint", "", "`HOST:PORT` of a TLS server that presents the old certificate; unless a file here holds it, it is written beside the configuration")
	cmd.Flags().StringArrayVar(&o.stunnel, "stunnel-conf", nil, "`FILE` that is a copy of a host's stunnel configuration (repeatable; default stunnel.conf here, if there)")
	cmd.Flags().StringVar(&o.out, "out", "", "`FILE` to write, - for stdout (default: that of --config, else amirotate.yaml here)")
	cmd.Flags().BoolVar(&o.force, "force", false, "overwrite the file if it is there")
	return cmd
}

func (g *globals) initialize(ctx context.Context, f config.Flags, o initOptions) error {
	dest, err := g.initDestination(o)
	if err != nil {
		return err
	}
	s, err := g.newSurvey(f, dest)
	if err != nil {
		return err
	}
	err = s.all(ctx, o)
	if cause := context.Cause(ctx); cause != nil {
		return &hintedError{cause, "nothing was written; run init again, or give the answers as flags"}
	}
	if err != nil {
		return err
	}
	text := s.draft.Text()
	c, err := config.Parse(pathFor(dest, g.Dir), []byte(text), g.Getenv)
	if err != nil {
		return err // a bad value that a flag or an answer gave
	}
	if err := s.save(); err != nil {
		return err
	}
	if dest == "" {
		_, err := fmt.Fprint(g.Stdout, text)
		return err
	}
	if err := writeNew(dest, []byte(text), o.force); err != nil {
		return err
	}
	return s.tell(dest, c.Validate() == nil)
}

// pathFor is where the configuration counts relative paths from: its own folder,
// or the current one if it is printed.
func pathFor(dest, dir string) string {
	if dest == "" {
		return filepath.Join(dir, defaultConfig)
	}
	return dest
}

// initDestination returns the file to write, "" for stdout.
func (g *globals) initDestination(o initOptions) (string, error) {
	dest := o.out
	switch {
	case dest == "-":
		return "", nil
	case dest == "" && g.config != "":
		dest = g.config
	case dest == "":
		dest = defaultConfig
	}
	dest = g.abs(dest)
	if _, err := os.Lstat(dest); err == nil && !o.force {
		return "", existsError(dest)
	}
	if info, err := os.Stat(filepath.Dir(dest)); err != nil || !info.IsDir() {
		return "", usagef("make the folder first", "cannot write %s: there is no folder %s", dest, filepath.Dir(dest))
	}
	return dest, nil
}

func existsError(path string) error {
	return usagef("name another file with --out, or overwrite it with --force", "cannot write %s: it is there already", path)
}

// writeNew writes a file that is not there; with force it replaces one that is.
func writeNew(path string, data []byte, force bool) error {
	if force {
		if err := renameio.WriteFile(path, data, 0o644); err != nil {
			return fmt.Errorf("cannot write %s: %w", path, err)
		}
		return nil
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return existsError(path)
	}
	if err != nil {
		return fmt.Errorf("cannot write %s: %w", path, err)
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("cannot write %s: %w", path, errors.Join(err, os.Remove(path)))
	}
	return nil
}

// tell says what was found, what is missing and what comes next.
func (s *survey) tell(dest string, complete bool) error {
	if s.g.json {
		enc := json.NewEncoder(s.g.Stdout)
		enc.SetEscapeHTML(false)
		return enc.Encode(struct {
			Path    string          `json:"path"`
			Found   []draft.Found   `json:"found"`
			Missing []draft.Missing `json:"missing"`
			Notes   []string        `json:"notes"`
		}{dest, s.draft.Found(), s.draft.Missing(), append([]string{}, s.notes...)})
	}
	if s.g.quiet {
		return nil
	}
	s.tellFound()
	for _, note := range s.notes {
		s.print("note: %s\n", note)
	}
	s.print("\nWrote %s.\n", s.shown(dest))
	s.tellMissing()
	if complete {
		s.print("Next, look at what it would do:\n")
		fmt.Fprintf(ui.Printable(s.g.Stdout), "  amirotate plan%s\n", s.configFlag(dest))
	}
	return nil
}

// print writes to people, in the width of their terminal.
func (s *survey) print(format string, args ...any) {
	columns := 0
	if s.g.Terminal {
		columns, _ = s.g.size()
	}
	fmt.Fprint(ui.Printable(s.g.Stdout), ui.Fold(fmt.Sprintf(format, args...), columns, "    "))
}

// tellFound says what is set, and where it comes from.
func (s *survey) tellFound() {
	const wide = 30 // as long as keys are
	format := fmt.Sprintf("%%-%ds %%s  (%%s)\n", wide)
	if columns, _ := s.g.size(); s.g.Terminal && columns < 2*wide {
		format = "%s: %s  (%s)\n"
	}
	s.asker.say("")
	for _, f := range s.draft.Found() {
		s.print(format, f.Key, strings.Join(f.Values, ", "), f.From)
	}
}

// tellMissing says what is to be filled in, and how else it may be given.
func (s *survey) tellMissing() {
	missing := s.draft.Missing()
	if len(missing) == 0 {
		return
	}
	s.print("To fill in there, or to give as flags:\n")
	for _, m := range missing {
		s.print("  %s (%s)\n    %s\n", m.Key, m.Flag, m.Hint)
	}
	if !s.g.Interactive {
		s.print("Nobody was asked: questions need standard input and error to be a terminal.\n")
	}
}

// configFlag is what other commands need to find the file.
func (s *survey) configFlag(dest string) string {
	if dest == filepath.Join(s.g.Dir, defaultConfig) {
		return ""
	}
	return words("--config", s.shown(dest))
}

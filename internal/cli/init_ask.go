package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"path/filepath"
	"strings"

	"github.com/amirotate/amirotate/internal/cert"
	"github.com/amirotate/amirotate/internal/config"
	"github.com/amirotate/amirotate/internal/draft"
	"github.com/amirotate/amirotate/internal/ui"
)

// asker asks on a terminal, and nowhere else.
type asker struct {
	in    *bufio.Reader // nil: nobody is there to answer
	out   io.Writer
	begun bool
	size  func() (columns, rows int)
}

func newAsker(p *Process) asker {
	if !p.Interactive {
		return asker{}
	}
	return asker{in: bufio.NewReader(p.Stdin), out: ui.Printable(p.Stderr), size: p.size}
}

// ask returns the answer, or what is offered if it is empty. When there are no
// more answers, or ctx ends, it stops asking.
func (a *asker) ask(ctx context.Context, question, offer string) string {
	if a.in == nil {
		return ""
	}
	if offer != "" {
		question += " [" + offer + "]"
	}
	if !a.begun {
		a.begun = true
		a.say("Enter alone takes what stands in brackets, or leaves it to be filled in later.\nCtrl-C writes nothing.")
	}
	a.say("\n" + question)
	fmt.Fprint(a.out, "> ")
	answer, err := a.line(ctx)
	if err != nil {
		a.in = nil
		fmt.Fprintln(a.out)
	}
	if answer = strings.TrimSpace(answer); answer == "" && err == nil {
		return offer
	}
	return answer
}

// line reads one, or returns when ctx ends; the reading then goes on until the
// process ends.
func (a *asker) line(ctx context.Context) (string, error) {
	type line struct {
		text string
		err  error
	}
	in, read := a.in, make(chan line, 1)
	go func() {
		text, err := in.ReadString('\n')
		read <- line{text, err}
	}()
	select {
	case l := <-read:
		return l.text, l.err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// say tells who is there to answer.
func (a *asker) say(text string) {
	if a.in != nil {
		columns, _ := a.size()
		fmt.Fprintln(a.out, ui.Fold(text, columns, "  "))
	}
}

// object says why an answer can't be used. Paths are told as they are answered.
func (s *survey) object(err error) {
	text, hints := explain(err)
	if errors.Is(err, fs.ErrNotExist) {
		hints = nil // where relative paths count from elsewhere
	}
	for _, line := range append([]string{text}, hints...) {
		if line != "" {
			s.asker.say("  " + strings.ReplaceAll(line, s.base+string(filepath.Separator), ""))
		}
	}
}

// ask asks for a key that is needed and not set, until the answer can be used or
// is empty, and tells whether it is set now.
func (s *survey) ask(ctx context.Context, path, offer string) bool {
	question := ""
	for _, m := range s.draft.Missing() {
		if m.Key == path {
			question = m.Ask
		}
	}
	for question != "" && !s.draft.Has(path) {
		answer := s.asker.ask(ctx, question, offer)
		if answer == "" {
			break
		}
		value := s.asPath(path, answer)
		if err := s.usable(ctx, path, value); err != nil {
			s.object(err)
			continue
		}
		s.set(path, "your answer", value)
	}
	return s.draft.Has(path)
}

// usable tells whether a file that was answered is what it should be.
func (s *survey) usable(ctx context.Context, key, value string) error {
	switch key {
	case "slave_list":
		return s.readListAt(ctx, value)
	case "certificate.old", "certificate.new":
		if isURL(value) {
			return nil
		}
		file, err := cert.LoadAny(s.resolved(value))
		if err == nil && file.Leaf() == nil {
			err = fmt.Errorf("cannot use %s: it holds no certificate", value)
		}
		return err
	}
	return nil
}

// asPath makes a path that was answered, which counts from the current folder,
// one that counts from the configuration's.
func (s *survey) asPath(key, answer string) string {
	switch key {
	case "slave_list", "certificate.old", "certificate.new":
	default:
		return answer
	}
	if isURL(answer) || strings.HasPrefix(answer, "~/") {
		return answer
	}
	return s.local(s.g.abs(answer))
}

// askBastion asks for it until the answer can be read, or is empty.
func (s *survey) askBastion(ctx context.Context) {
	for !s.draft.Has("bastion.address") {
		answer := s.asker.ask(ctx, draft.Question("bastion.address"), "")
		if answer == "" {
			return
		}
		c := config.New(s.g.Getenv)
		f := s.flags
		f.Bastion = answer
		if err := c.Apply(f, s.g.Dir); err != nil {
			s.object(err)
			continue
		}
		s.flags = f
		s.setBastion(c, "your answer")
	}
}

// guess offers a likely answer: the owner of the home folder that the
// certificate lies in.
func (s *survey) guess(key string) string {
	if key != "platforms.linux.user" {
		return ""
	}
	rest, ok := strings.CutPrefix(path.Clean(s.draft.First("platforms.linux.files")), "/home/")
	user, _, below := strings.Cut(rest, "/")
	if !ok || !below {
		return ""
	}
	return user
}

// setGuesses takes what nobody was asked about.
func (s *survey) setGuesses() {
	s.set("platforms.linux.user", "a guess: it is this user's home that the file lies in", s.guess("platforms.linux.user"))
}

package cli

import (
	"bufio"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/amirotate/amirotate/internal/config"
	"github.com/amirotate/amirotate/internal/draft"
	"github.com/amirotate/amirotate/internal/ui"
)

// asker asks on a terminal, and nowhere else.
type asker struct {
	in  *bufio.Reader // nil: nobody is there to answer
	out io.Writer
}

func newAsker(p *Process) asker {
	if !p.Interactive {
		return asker{}
	}
	return asker{bufio.NewReader(p.Stdin), ui.Printable(p.Stderr)}
}

// ask returns the answer, or what is offered if it is empty. When there are no
// more answers it stops asking.
func (a *asker) ask(question, offer string) string {
	if a.in == nil {
		return ""
	}
	if offer != "" {
		question += " [" + offer + "]"
	}
	fmt.Fprint(a.out, question+" ")
	answer, err := a.in.ReadString('\n')
	if err != nil {
		a.in = nil
		fmt.Fprintln(a.out)
	}
	if answer = strings.TrimSpace(answer); answer == "" && err == nil {
		return offer
	}
	return answer
}

// ask asks for a key that is needed and not set, and tells whether it is set now.
func (s *survey) ask(path, offer string) bool {
	for _, m := range s.draft.Missing() {
		if m.Key != path || m.Ask == "" {
			continue
		}
		if answer := s.asker.ask(m.Ask, offer); answer != "" {
			s.set(path, "your answer", s.asPath(path, answer))
		}
	}
	return s.draft.Has(path)
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
func (s *survey) askBastion() {
	for !s.draft.Has("bastion.address") {
		answer := s.asker.ask(draft.Question("bastion.address"), "")
		if answer == "" {
			return
		}
		c := config.New(s.g.Getenv)
		f := s.flags
		f.Bastion = answer
		if err := c.Apply(f, s.g.Dir); err != nil {
			fmt.Fprintf(s.asker.out, "%v\n", err)
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

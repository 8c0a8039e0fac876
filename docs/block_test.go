package docs_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// block is a fenced code block. The words after its language say what becomes of
// it in a test:
//
//	sh             run by bash on a sandbox, page by page in one folder; exit code 0
//	sh exit=3      the same, with another exit code
//	sh bare        the folder has no configuration when it begins
//	sh aws         not run: it needs an AWS account, or machines that nobody has here
//	sh repo        run in the repository: make's targets must be there, go run is the program
//	yaml           must be a configuration
//	yaml scenario  must be a scenario of the sandbox
//	json           must be JSON
//	text           output; nothing in it looks like a command
//	text demo      lines of what the demo prints
type block struct {
	page string
	line int // of its first line
	lang string
	args []string
	text string
}

func (b block) String() string { return fmt.Sprintf("%s:%d", b.page, b.line) }

func (b block) has(arg string) bool { return slices.Contains(b.args, arg) }

// exit is the exit code that the block is to end with.
func (b block) exit(t *testing.T) int {
	for _, a := range b.args {
		if code, ok := strings.CutPrefix(a, "exit="); ok {
			n, err := strconv.Atoi(code)
			if err != nil {
				t.Fatalf("%s: %v", b, err)
			}
			return n
		}
	}
	return 0
}

// blocks returns a page's code blocks. Code that is only indented, or has no
// language, would escape the tests: it is an error.
func blocks(t *testing.T, page string) []block {
	t.Helper()
	var found []block
	var open *block
	before := ""
	for n, line := range strings.Split(read(t, page), "\n") {
		fence, isFence := strings.CutPrefix(strings.TrimLeft(line, " "), "```")
		switch {
		case isFence && open == nil:
			words := strings.Fields(fence)
			if len(words) == 0 {
				t.Errorf("%s:%d: a code block has no language", page, n+1)
				words = []string{"text"}
			}
			open = &block{page: page, line: n + 2, lang: words[0], args: words[1:]}
		case isFence:
			found = append(found, *open)
			open = nil
		case open != nil:
			open.text += line + "\n"
		case strings.HasPrefix(line, "    ") && strings.TrimSpace(before) == "":
			t.Errorf("%s:%d: code is indented; fence it and name its language", page, n+1)
		}
		before = line
	}
	if open != nil {
		t.Errorf("%s: a code block does not end", open)
	}
	return found
}

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/amirotate/amirotate/internal/cli"
	"github.com/amirotate/amirotate/internal/testenv"
	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
)

// The test is the program itself where a shell asks it for completions.
func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == "amirotate" {
		os.Exit(cli.Main())
	}
	os.Exit(m.Run())
}

func written(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := write(dir, "1437350400"); err != nil {
		t.Fatal(err)
	}
	return dir
}

// Every command has a page that mandoc finds nothing wrong with, with its exit
// codes and an example.
func TestPages(t *testing.T) {
	t.Parallel()
	man := filepath.Join(written(t), "man1")
	var walk func(cmd *cobra.Command)
	walk = func(cmd *cobra.Command) {
		text, err := os.ReadFile(filepath.Join(man, dashed(cmd)+".1"))
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range []string{"2015-07-20", ".SH NAME", ".SH SYNOPSIS", ".SH EXIT STATUS", ".SH EXAMPLES", ".SH SEE ALSO"} {
			if !strings.Contains(string(text), part) {
				t.Errorf("the page of '%s' has no %s", cmd.CommandPath(), part)
			}
		}
		for _, sub := range cmd.Commands() {
			walk(sub)
		}
	}
	walk(cli.Commands())
	pages, _ := filepath.Glob(filepath.Join(man, "*.1"))
	out, err := exec.Command(testenv.Program(t, "mandoc"), append([]string{"-Tlint", "-Wwarning"}, pages...)...).CombinedOutput()
	if err != nil || len(out) > 0 {
		t.Errorf("mandoc: %v\n%s", err, out)
	}
}

func TestEscape(t *testing.T) {
	t.Parallel()
	r := &roff{}
	r.text(".so /etc/passwd\n'C:\\bot' --flag")
	want := "\\&.so /etc/passwd\n\\&'C:\\ebot' \\-\\-flag\n"
	if diff := cmp.Diff(want, r.b.String()); diff != "" {
		t.Error(diff)
	}
}

var completionCases = []struct {
	typed string
	want  []string
}{
	{"amirotate rot", []string{"rotate"}},
	{"amirotate slavelist ", []string{"check", "show"}},
	{"amirotate rotate --wind", []string{"--windows-path", "--windows-user"}},
	{"amirotate iam-policy --for st", []string{"status"}},
	{"amirotate rotate --strategy o", []string{"overlap"}},
	{"amirotate completion p", []string{"powershell"}},
	{"amirotate help cert b", []string{"bundle"}},
	{"amirotate plan --out he", []string{"here.json"}},
	{"amirotate plan he", nil},
	{"amirotate sandbox --dir h", []string{"home"}},
}

// shellIn runs a shell where amirotate, a file here.json and a folder home are.
func shellIn(t *testing.T, dir, name string, args ...string) []string {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	if err := os.Symlink(program, filepath.Join(bin, "amirotate")); err != nil {
		t.Fatal(err)
	}
	here := t.TempDir()
	if err := writeFile(filepath.Join(here, "here.json"), nil); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(here, "home"), 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(testenv.Program(t, name), args...)
	cmd.Dir = here
	cmd.Env = []string{"PATH=" + bin + ":" + os.Getenv("PATH"), "HOME=" + filepath.Join(here, "home"), "DIR=" + dir, "TERM=dumb"}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
	var words []string
	for line := range strings.Lines(string(out)) {
		word, _, _ := strings.Cut(strings.TrimSpace(line), "\t")
		word, _, _ = strings.Cut(word, "  (")
		if word = strings.TrimSuffix(strings.TrimSpace(word), "/"); word != "" {
			words = append(words, word)
		}
	}
	slices.Sort(words)
	return words
}

const bashComplete = `
. /usr/share/bash-completion/bash_completion
. "$DIR/bash/amirotate"
COMP_LINE=$1 COMP_POINT=${#1}
read -r -a COMP_WORDS <<<"$1"
[[ $1 == *" " ]] && COMP_WORDS+=("")
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
type() { if [[ $2 == compopt ]]; then echo builtin; else builtin type "$@"; fi; }
compopt() { [[ $* != *+o\ default* ]] || plain=1; }
__start_amirotate
if ((${#COMPREPLY[@]} == 0)) && [[ -z $plain ]]; then
	mapfile -t COMPREPLY < <(compgen -o default -- "${COMP_WORDS[COMP_CWORD]}")
fi
printf '%s\n' "${COMPREPLY[@]}"
`

func TestBash(t *testing.T) {
	t.Parallel()
	testenv.File(t, "/usr/share/bash-completion/bash_completion")
	dir := written(t)
	for _, tc := range completionCases {
		got := shellIn(t, dir, "bash", "--norc", "-c", bashComplete, "bash", tc.typed)
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%q: %s", tc.typed, diff)
		}
	}
}

func TestFish(t *testing.T) {
	t.Parallel()
	dir := written(t)
	for _, tc := range completionCases {
		if strings.Contains(tc.typed, "--dir") {
			continue // fish offers files too
		}
		got := shellIn(t, dir, "fish", "--no-config", "-c", `source $DIR/fish/amirotate.fish; complete -C "$argv[1]"`, tc.typed)
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%q: %s", tc.typed, diff)
		}
	}
}

// zsh and PowerShell complete by the same answers; of theirs it is looked at
// that they are scripts for the program.
func TestOtherShells(t *testing.T) {
	t.Parallel()
	dir := written(t)
	for name, want := range map[string]string{"zsh/_amirotate": "#compdef amirotate", "powershell/amirotate.ps1": "Register-ArgumentCompleter -CommandName 'amirotate'"} {
		if text, err := os.ReadFile(filepath.Join(dir, name)); err != nil || !strings.Contains(string(text), want) {
			t.Errorf("%s has no %q: %v", name, want, err)
		}
	}
}

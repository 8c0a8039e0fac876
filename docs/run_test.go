package docs_test

import (
	"context"
	"encoding/json"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/amirotate/amirotate/internal/config"
	"github.com/amirotate/amirotate/internal/farmtest"
	"github.com/amirotate/amirotate/internal/sandbox/scenario"
)

// Every code block is what its language says; see block.
func TestBlocks(t *testing.T) {
	t.Parallel()
	for _, page := range pages(t) {
		t.Run(filepath.Base(page), func(t *testing.T) {
			t.Parallel()
			var w *world
			for _, b := range blocks(t, page) {
				switch b.lang {
				case "sh":
					if w == nil && !b.has("aws") {
						w = newWorld(t)
					}
					w.sh(t, b)
				case "yaml":
					checkYAML(t, b)
				case "json":
					if !json.Valid([]byte(b.text)) {
						t.Errorf("%s: no JSON", b)
					}
				case "text":
					checkText(t, b)
				default:
					t.Errorf("%s: nothing is known of language %s", b, b.lang)
				}
			}
		})
	}
}

func checkYAML(t *testing.T, b block) {
	if b.has("scenario") {
		path := filepath.Join(t.TempDir(), "scenario.yaml")
		if err := os.WriteFile(path, []byte(b.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := scenario.Load(path); err != nil {
			t.Errorf("%s: %v", b, err)
		}
		return
	}
	if _, err := config.Parse(b.page, []byte(b.text), func(string) string { return "" }); err != nil {
		t.Errorf("%s: %v", b, err)
	}
}

var command = regexp.MustCompile(`(?m)^(\$ |amirotate |make |go )`)

func checkText(t *testing.T, b block) {
	if at := command.FindString(b.text); at != "" {
		t.Errorf("%s: a command stands in text: %s", b, at)
	}
	if b.has("demo") {
		checkDemo(t, b)
	}
}

// world is a sandbox, and a home and a folder as an operator has them.
type world struct {
	farm     *farmtest.Farm
	env      []string
	replacer *strings.Replacer
}

func newWorld(t *testing.T) *world {
	f := farmtest.Start(t, read(t, "testdata/farm.yaml"), map[string]string{"list.txt": read(t, "testdata/list.txt")})
	w := &world{farm: f}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	bin, home := t.TempDir(), t.TempDir()
	if err := os.Symlink(program, filepath.Join(bin, "amirotate")); err != nil {
		t.Fatal(err)
	}
	bastion := f.Sandbox.Ready().Bastion
	if err := os.Mkdir(filepath.Join(home, ".ssh"), 0o700); err != nil {
		t.Fatal(err)
	}
	for from, to := range map[string]string{bastion.IdentityFile: "id_ed25519", bastion.KnownHosts: "known_hosts"} {
		if err := os.WriteFile(filepath.Join(home, ".ssh", to), []byte(read(t, from)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	master := httptest.NewTLSServer(nil)
	t.Cleanup(master.Close)
	w.replacer = strings.NewReplacer(
		"bastion.example.org:22", bastion.Address,
		"bot.example.org:9988", strings.TrimPrefix(master.URL, "https://"),
		"/etc/amirotate", f.Dir,
		"/var/lib/prometheus/node-exporter", home,
		"go run ./cmd/amirotate", "amirotate",
	)
	w.env = []string{"PATH=" + bin + ":" + os.Getenv("PATH"), "HOME=" + home, "USER=ops", "TERM=dumb", "TMPDIR=" + t.TempDir(),
		"SSL_CERT_FILE=" + filepath.Join(f.Dir, "ssh", "winrm-ca.pem")} // one of the system's authorities
	for name, value := range f.Sandbox.Environment() {
		w.env = append(w.env, name+"="+value)
	}
	return w
}

// sh runs a block, with the names of examples made those of the sandbox.
func (w *world) sh(t *testing.T, b block) {
	switch {
	case b.has("aws"):
		return
	case b.has("bare"):
		if err := os.Remove(filepath.Join(w.farm.Dir, "amirotate.yaml")); err != nil {
			t.Fatal(err)
		}
	case b.has("repo"):
		b.text = w.inRepository(t, b)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-euo", "pipefail", "-c", w.replacer.Replace(b.text))
	cmd.Dir, cmd.Env, cmd.WaitDelay = w.farm.Dir, w.env, time.Second
	out, err := cmd.CombinedOutput()
	if code := cmd.ProcessState.ExitCode(); code != b.exit(t) {
		t.Errorf("%s: exit code %d, want %d: %v\n%s%s", b, code, b.exit(t), err, b.text, out)
	}
	if b.has("bare") {
		w.hasten(t)
	}
}

// hasten has a configuration that a page wrote look at EC2 at the sandbox's pace.
func (w *world) hasten(t *testing.T) {
	path := filepath.Join(w.farm.Dir, "amirotate.yaml")
	if err := os.WriteFile(path, []byte(read(t, path)+"waits: {poll: 10ms}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
}

var target = regexp.MustCompile(`(?m)^([a-z-]+):.*## `)

// inRepository leaves of a block what runs here: CI runs test.sh, and make's
// targets need only be there.
func (w *world) inRepository(t *testing.T, b block) string {
	var targets, left []string
	for _, m := range target.FindAllStringSubmatch(read(t, "../Makefile"), -1) {
		targets = append(targets, m[1])
	}
	for line := range strings.Lines(b.text) {
		words := strings.Fields(line)
		switch {
		case len(words) == 0, words[0] == "./test.sh" && strings.Contains(read(t, "../.ci/run"), "./test.sh"):
		case words[0] == "make":
			if !slices.Contains(targets, words[1]) {
				t.Errorf("%s: make has no target %s", b, words[1])
			}
		default:
			left = append(left, line)
		}
	}
	return strings.Join(left, "")
}

// changing is what differs from one demo to the next.
var changing = regexp.MustCompile(`ami-0[0-9a-f]{16}|i-0[0-9a-f]{16}|[0-9a-f]{32}|[0-9a-f]{8}…|[0-9.]+s\b|127\.66\.[0-9.]+|amirotate-demo-[0-9]+|\s+`)

// checkDemo makes sure that the demo prints each of the block's lines, but for
// what changes from one to the next.
func checkDemo(t *testing.T, b block) {
	w := newWorld(t)
	cmd := exec.CommandContext(t.Context(), "bash", "-c", "exec amirotate demo")
	cmd.Dir, cmd.Env = w.farm.Dir, w.env
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var printed []string
	for line := range strings.Lines(string(out)) {
		printed = append(printed, changing.ReplaceAllString(strings.TrimSpace(line), " "))
	}
	for line := range strings.Lines(b.text) {
		line = changing.ReplaceAllString(strings.TrimSpace(line), " ")
		if line != "…" && !slices.Contains(printed, line) {
			t.Errorf("%s: the demo doesn't print %q", b, line)
		}
	}
}

package rotate_test

import (
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/amirotate/amirotate/internal/farmtest"
	"github.com/google/go-cmp/cmp"
)

// startRoot is the small farm with hosts on which the user may do everything, at
// a pace that lets two runs meet.
func startRoot(t *testing.T) *farmtest.Farm {
	t.Helper()
	scenario := strings.ReplaceAll(smallWith("scale: 0.001", "scale: 0.02").String(), "user: builder", "user: root")
	f := farmtest.Start(t, scenario, smallFiles)
	f.Now = f.Sandbox.Clock().Now
	return f
}

// listed are the images that the list names.
func listed(f *farmtest.Farm) []string {
	f.T.Helper()
	ids := amiID.FindAllString(string(f.Read("slave-list.txt")), -1)
	slices.Sort(ids)
	return slices.Compact(ids)
}

// mutations are the calls that changed EC2, in order.
func mutations(f *farmtest.Farm) (actions []string) {
	f.T.Helper()
	for _, c := range f.Calls() {
		if !c.DryRun && !strings.HasPrefix(c.Action, "Describe") && !strings.HasPrefix(c.Action, "Get") {
			actions = append(actions, c.Action)
		}
	}
	return actions
}

// setCommands has refresh run commands on Linux builders, given as YAML.
func setCommands(t *testing.T, f *farmtest.Farm, was, commands string) {
	t.Helper()
	config := string(f.Read("amirotate.yaml"))
	now := strings.Replace(config, "  linux:\n"+was, "  linux:\n"+commands, 1)
	if now == config {
		t.Fatalf("no Linux settings in\n%s", config)
	}
	f.Write("amirotate.yaml", now)
}

// Commands run on the builder after the patch, by refresh alone. Other commands
// are no reason to make an image; a new epoch is.
func TestRefreshCommands(t *testing.T) {
	t.Parallel()
	f := startRoot(t)
	const first = "    commands:\n      - run: |\n          mkdir -p /srv; cp /etc/*/cert.pem /srv/seen\n          echo Reading package lists...; echo two upgraded, é >&2\n      - {run: 'echo second >>/srv/seen', timeout: 5s}\n"
	setCommands(t, f, "", first)
	r := f.MustRun(0, "refresh", "--json", "--log-dir", "runs")
	for _, want := range []string{`"step":"update","status":"ok"`, `Reading package lists... | two upgraded, é`, `"commands":[{"run":"mkdir -p /srv; cp `, `"status":0,`} {
		if !strings.Contains(r.Stdout, want) {
			t.Errorf("no %s in\n%s", want, r.Stdout)
		}
	}
	for _, id := range listed(f) {
		if got, want := string(f.ImageFile(id, "srv/seen")), string(f.Read("new-cert.pem"))+"second\n"; got != want {
			t.Errorf("%s: the commands saw and left %q, want %q", id, got, want)
		}
	}
	before := mutations(f)
	const second = "    commands:\n      - run: mkdir -p /srv; echo other >/srv/seen\n"
	setCommands(t, f, first, second)
	f.MustRun(0, "refresh")
	if after := mutations(f); !cmp.Equal(before, after) {
		t.Errorf("with other commands refresh did %v", after[len(before):])
	}
	f.Write("amirotate.yaml", string(f.Read("amirotate.yaml"))+"epoch: next\n")
	r = f.MustRun(0, "rotate", "--verbose")
	if got := string(f.ImageFile(listed(f)[0], "srv/seen")); strings.Contains(got, "other") || strings.Contains(r.Stdout, "update") {
		t.Errorf("rotate has run commands: %q\n%s", got, r.Stdout)
	}
	if claims := strings.Count(strings.Join(mutations(f), " "), "CreateTags") - strings.Count(strings.Join(before, " "), "CreateTags"); claims > 2 {
		t.Errorf("rotate made %d calls of CreateTags", claims)
	}
}

// No image is made of a builder on which a command fails or takes too long. The
// next refresh, with the command mended, makes it.
func TestRefreshCommandsFail(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		commands string
		code     int
		says     []string
	}{
		"status":  {"{run: 'echo first'}, {run: 'echo E: no space >&2; exit 100'}, {run: 'echo third'}", 1, []string{`the command "echo E: no space >&2; exit 100" ended with status 100: E: no space`, "hint: mend the command"}},
		"timeout": {"{run: 'echo begun; sleep 100000', timeout: 300ms}", 1, []string{"waited 300ms for the command \"echo begun; sleep 100000\"", "its last words: begun"}},
		"unknown": {"{run: apt-get -y dist-upgrade}", 1, []string{"ended with status 127"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := startRoot(t)
			list := string(f.Read("slave-list.txt"))
			bad := "    commands: [" + test.commands + "]\n"
			setCommands(t, f, "", bad)
			r := f.MustRun(test.code, "refresh", "--json")
			for _, want := range test.says {
				if !strings.Contains(r.Stderr, want) {
					t.Errorf("it doesn't say %q:\n%s", want, r.Stderr)
				}
			}
			if strings.Contains(r.Stdout, "third") || f.CallsOf("CreateImage") > 0 || string(f.Read("slave-list.txt")) != list || len(f.Folders("instances")) > 0 {
				t.Errorf("%d images were made, instances %v are left\n%s", f.CallsOf("CreateImage"), f.Folders("instances"), f.Read("slave-list.txt"))
			}
			setCommands(t, f, bad, "    commands: [{run: 'mkdir -p /srv; echo mended >/srv/seen'}]\n")
			f.MustRun(0, "refresh", "--quiet")
			if got := string(f.ImageFile(listed(f)[0], "srv/seen")); got != "mended\n" {
				t.Errorf("the image holds %q", got)
			}
		})
	}
}

// Two machines begin at once: the commands run on each builder once, to their
// end, and both runs end well. Beside a rotate, which runs none, as well.
func TestRefreshCommandsOnTwoMachines(t *testing.T) {
	t.Parallel()
	for name, other := range map[string][]string{"refresh": {"refresh", "--quiet"}, "rotate": {"rotate", "--quiet"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := startRoot(t)
			setCommands(t, f, "", "    commands: [{run: 'mkdir -p /srv && mkdir /srv/once && sleep 150 && echo whole >/srv/once/seen', timeout: 60s}]\n")
			f.Write("second.yaml", string(f.Read("amirotate.yaml"))+"refresh: {lock: second.lock}\n")
			var both sync.WaitGroup
			results := make([]farmtest.Result, 2)
			both.Go(func() { results[0] = f.Run("refresh", "--quiet") })
			both.Go(func() {
				time.Sleep(30 * time.Millisecond)
				results[1] = f.RunBare(t.Context(), append([]string{"--config", filepath.Join(f.Dir, "second.yaml")}, other...)...)
			})
			both.Wait()
			for i, r := range results {
				if r.Code != 0 {
					t.Errorf("run %d ended with exit code %d\n%s", i, r.Code, r.Stderr)
				}
			}
			if made := f.CallsOf("CreateImage"); made != 2 || len(f.Folders("instances")) > 0 {
				t.Errorf("%d images were made; instances %v are left", made, f.Folders("instances"))
			}
			for _, id := range listed(f) {
				var seen []string
				for _, file := range f.Tree(id) {
					if strings.HasPrefix(file, "srv/once") {
						seen = append(seen, file)
					}
				}
				whole := cmp.Equal(seen, []string{"srv/once", "srv/once/seen"})
				if !whole && (name == "refresh" || seen != nil) {
					t.Errorf("%s: of the commands there is %v", id, seen)
				}
			}
		})
	}
}

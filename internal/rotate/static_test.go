package rotate_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/amirotate/amirotate/internal/farmtest"
	"github.com/amirotate/amirotate/internal/rotate"
	"github.com/amirotate/amirotate/internal/sandbox"
	"github.com/amirotate/amirotate/internal/verify"
)

// certInStatic is where a static host of these tests has its certificate.
const certInStatic = "Users/it's me/cert.pem"

func staticHost(name, more string) string {
	return "  - {name: " + name + more + `, files: [{path: "/` + certInStatic + `", from: old, mode: "0640"}]}` + "\n"
}

// withStatic is the small farm with static hosts, and a list that names them.
func withStatic(hosts ...string) (scenario string, files map[string]string) {
	list := smallFiles["list.txt"] + "\n"
	for _, h := range hosts {
		name, _, _ := strings.Cut(strings.TrimPrefix(h, "  - {name: "), ",")
		if name != "mac1" { // which the list has already
			list += name + " secret\n"
		}
	}
	return small + "static:\n" + strings.Join(hosts, ""), map[string]string{"list.txt": list}
}

// staticSummary is what rotate --json says of one static host.
type staticSummary struct {
	Workers        []string
	Address        string
	Optional       bool
	Status, Error  string
	Files          []struct{ Path, Before, After string }
	LookAlikes     []rotate.LookAlike `json:"look_alikes"`
	listRewritten  bool
	imagesReplaced int
}

// statics are the static hosts of the summary, by first worker.
func statics(t *testing.T, r farmtest.Result) map[string]staticSummary {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(r.Stdout), "\n")
	var summary struct {
		Static        []staticSummary
		Images        []struct{ Status string }
		ListRewritten bool `json:"list_rewritten"`
	}
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &summary); err != nil {
		t.Fatalf("%v: %s", err, lines[len(lines)-1])
	}
	byWorker := map[string]staticSummary{}
	for _, s := range summary.Static {
		s.listRewritten = summary.ListRewritten
		for _, img := range summary.Images {
			if img.Status == rotate.StatusReplaced {
				s.imagesReplaced++
			}
		}
		byWorker[s.Workers[0]] = s
	}
	return byWorker
}

// course is what happened to a static host, as "step status, step status …".
func course(t *testing.T, r farmtest.Result, worker string) string {
	t.Helper()
	var steps []string
	for _, e := range parseReport(t, r).steps {
		if e.Worker == worker {
			steps = append(steps, string(e.Step)+" "+string(e.Status))
		}
	}
	return strings.Join(slices.Compact(steps), ", ")
}

func inStatic(name string) string { return filepath.Join("static", name, "root", certInStatic) }

const wholeStaticCourse = "connect start, connect ok, patch start, patch ok, prove start, prove ok"

// Whatever becomes of a static host, the others and the images go their way, and
// the list is rewritten: it names images only.
func TestStaticHosts(t *testing.T) {
	scenario, files := withStatic(staticHost("mac1", ""), staticHost("done", ""), staticHost("odd", ""),
		staticHost("gone", ", down: true, optional: true"), staticHost("lost", ", down: true"))
	f := farmtest.Start(t, scenario, files)
	oldCert, newCert := f.Read("old-cert.pem"), f.Read("new-cert.pem")
	f.Write(inStatic("done"), string(newCert))
	f.Write(inStatic("odd"), "somebody's own\n")

	r := f.MustRun(4, "rotate", "--json")

	got := statics(t, r)
	for worker, want := range map[string]string{
		"mac1": rotate.StatusReplaced, "done": rotate.StatusUnchanged, "odd": rotate.StatusRefused,
		"gone": rotate.StatusUnreachable, "lost": rotate.StatusUnreachable,
	} {
		if got[worker].Status != want {
			t.Errorf("%s is %q, want %s: %s", worker, got[worker].Status, want, got[worker].Error)
		}
	}
	mac := got["mac1"]
	if !mac.listRewritten || mac.imagesReplaced != 2 {
		t.Errorf("list rewritten: %v, %d images replaced", mac.listRewritten, mac.imagesReplaced)
	}
	if want := []struct{ Path, Before, After string }{{"/" + certInStatic, md5Of(oldCert), md5Of(newCert)}}; !cmp.Equal(mac.Files, want) {
		t.Errorf("mac1's files: %s", cmp.Diff(want, mac.Files))
	}
	for worker, want := range map[string]string{
		"mac1": wholeStaticCourse, "done": wholeStaticCourse, "odd": "connect start, connect ok, patch start, patch failed",
		"gone": "connect start, connect skipped", "lost": "connect start, connect failed",
	} {
		if got := course(t, r, worker); got != want {
			t.Errorf("%s went\n%s\nwant\n%s", worker, got, want)
		}
	}
	for worker, want := range map[string][]byte{"mac1": newCert, "done": newCert, "odd": []byte("somebody's own\n"), "gone": oldCert, "lost": oldCert} {
		if got := f.Read(inStatic(worker)); !bytes.Equal(got, want) {
			t.Errorf("%s holds md5 %s, want %s", worker, md5Of(got), md5Of(want))
		}
	}
	if !strings.Contains(got["odd"].Error, md5Of([]byte("somebody's own\n"))) {
		t.Errorf("the refusal does not name what was seen: %s", got["odd"].Error)
	}
	if left := leftBeside(t, f, "mac1"); len(left) != 1 {
		t.Errorf("beside the certificate are %v", left)
	}
	for _, want := range []string{"2 of 5 static hosts have no new certificate", "odd: ", "lost: ", "hint: "} {
		if !strings.Contains(r.Stderr, want) {
			t.Errorf("%q is missing in\n%s", want, r.Stderr)
		}
	}
	if strings.Contains(r.Stderr, "gone") {
		t.Errorf("an optional host is the command's error:\n%s", r.Stderr)
	}
}

func leftBeside(t *testing.T, f *farmtest.Farm, worker string) []string {
	t.Helper()
	return f.Folders(filepath.Dir(inStatic(worker)))
}

// Run again, nothing is written, and an unreachable optional host is no failure.
func TestStaticHostsAgain(t *testing.T) {
	scenario, files := withStatic(staticHost("mac1", ""), staticHost("gone", ", down: true, optional: true"))
	f := farmtest.Start(t, scenario, files)
	first := f.MustRun(0, "rotate")
	for _, want := range []string{"gone is optional, and was not reached", "unreachable (optional)"} {
		if !strings.Contains(first.Stdout, want) {
			t.Errorf("%q is missing in\n%s", want, first.Stdout)
		}
	}
	then := modified(t, f, "mac1")
	if got := statics(t, f.MustRun(0, "rotate", "--json")); got["mac1"].Status != rotate.StatusUnchanged || got["gone"].Status != rotate.StatusUnreachable {
		t.Errorf("mac1 is %s, gone is %s", got["mac1"].Status, got["gone"].Status)
	}
	if !modified(t, f, "mac1").Equal(then) {
		t.Error("the file was written again")
	}
}

func modified(t *testing.T, f *farmtest.Farm, worker string) time.Time {
	t.Helper()
	info, err := os.Stat(filepath.Join(f.Dir, inStatic(worker)))
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o640 {
		t.Errorf("the mode is %v, was 0640", info.Mode())
	}
	return info.ModTime()
}

// Ended in the middle of a replace, the same command finishes the job.
func TestStaticHostInterrupted(t *testing.T) {
	scenario, files := withStatic(staticHost("mac1", ""))
	ctx, cancel := context.WithCancelCause(context.Background())
	var once sync.Once
	f := farmtest.StartWith(t, scenario, files, func(o *sandbox.Options) {
		o.Observe = func(point string) {
			if point == "mac1 at patch" {
				once.Do(func() { cancel(rotate.ErrInterrupted) })
			}
		}
	})
	r := f.RunContext(ctx, "rotate", "--json")
	if r.Code != 130 {
		t.Fatalf("exit code %d, want 130\n%s", r.Code, r.Stderr)
	}
	if got := statics(t, r)["mac1"]; got.Status != rotate.StatusInterrupted || got.listRewritten {
		t.Errorf("mac1 is %s, the list rewritten: %v", got.Status, got.listRewritten)
	}
	f.MustRun(0, "rotate")
	if !bytes.Equal(f.Read(inStatic("mac1")), f.Read("new-cert.pem")) || len(leftBeside(t, f, "mac1")) != 1 {
		t.Errorf("after the second run beside the certificate are %v", leftBeside(t, f, "mac1"))
	}
}

// A connection that is lost is made again; a host with a foreign key is not
// talked to, and one that loses its power is told.
func TestStaticHostFaults(t *testing.T) {
	for fault, want := range map[string]struct {
		code   int
		status string
		saying string
	}{
		"{host: mac1, at: patch, do: drop-connection}":   {0, rotate.StatusReplaced, ""},
		"{host: mac1, at: verify, do: drop-connection}":  {0, rotate.StatusReplaced, ""},
		"{host: mac1, at: connect, do: drop-connection}": {0, rotate.StatusReplaced, ""},
		"{host: mac1, at: connect, do: wrong-host-key}":  {4, rotate.StatusUnreachable, "host key"},
		"{host: mac1, at: patch, do: disk-full, nth: 0}": {4, rotate.StatusFailed, "space"},
		"{host: mac1, at: patch, do: power-off}":         {4, rotate.StatusUnreachable, "mac1"},
	} {
		t.Run(strings.Trim(fault[len("{host: mac1, "):], "}"), func(t *testing.T) {
			t.Parallel()
			scenario, files := withStatic(staticHost("mac1", ""))
			f := farmtest.Start(t, scenario+"faults: ["+fault+"]\n", files)
			f.Write("amirotate.yaml", strings.Replace(string(f.Read("amirotate.yaml")), "static: 2s", "static: 500ms", 1))
			r := f.MustRun(want.code, "rotate", "--json")
			got := statics(t, r)["mac1"]
			if got.Status != want.status || !strings.Contains(got.Error, want.saying) || !got.listRewritten {
				t.Errorf("mac1 is %s (%s), the list rewritten: %v", got.Status, got.Error, got.listRewritten)
			}
			holds := f.Read("old-cert.pem")
			if want.code == 0 {
				holds = f.Read("new-cert.pem")
			}
			if !bytes.Equal(f.Read(inStatic("mac1")), holds) {
				t.Error("it holds the other certificate")
			}
		})
	}
}

// Workers that share a computer are one visit; a host may be behind the bastion,
// and run Windows.
func TestStaticHostsBehindTheBastion(t *testing.T) {
	windows := `  - {name: winbox, platform: windows, bastion: true, files: [{path: 'C:\stunnel\cert.pem', from: old}]}` + "\n"
	scenario, files := withStatic(staticHost("mac1", ", bastion: true, workers: [mac1, mac2]"), windows)
	files["list.txt"] += "mac2 secret\n"
	f := farmtest.Start(t, scenario, files)
	r := f.MustRun(0, "rotate", "--json")
	got := statics(t, r)
	if len(got) != 2 || !slices.Equal(got["mac1"].Workers, []string{"mac1", "mac2"}) {
		t.Errorf("hosts: %+v", got)
	}
	if got := course(t, r, "mac1") + course(t, r, "mac2"); got != wholeStaticCourse {
		t.Errorf("the shared host went %s", got)
	}
	for _, path := range []string{inStatic("mac1"), "static/winbox/root/C/stunnel/cert.pem"} {
		if !bytes.Equal(f.Read(path), f.Read("new-cert.pem")) {
			t.Errorf("%s was not replaced", path)
		}
	}
}

// The plan shows the hosts and finds what is wrong with them; it goes to none.
func TestPlanOfStaticHosts(t *testing.T) {
	scenario, files := withStatic(staticHost("mac1", ""), staticHost("mac2", ""))
	files["list.txt"] += "bsd1 secret\n"
	f := farmtest.Start(t, scenario, files)
	config := string(f.Read("amirotate.yaml"))
	f.Write("amirotate.yaml", strings.Replace(config, "- mac2\n", "- mca1\n", 1))
	var plan rotate.Plan
	f.MustRun(0, "plan", "--json").JSON(t, &plan)
	if len(plan.Static) != 1 || plan.Static[0].Worker() != "mac1" || plan.Static[0].Changes[0].Path != "/"+certInStatic {
		t.Errorf("static hosts: %+v", plan.Static)
	}
	for code, want := range map[string]string{"static-unnamed": "mac2, bsd1", "static-unused": "mca1"} {
		i := slices.IndexFunc(plan.Problems, func(p rotate.Problem) bool { return p.Code == code })
		if i < 0 || plan.Problems[i].Severity != rotate.Warning || !strings.Contains(plan.Problems[i].Message, want) || plan.Problems[i].Hint == "" {
			t.Errorf("no %s with %s in %+v", code, want, plan.Problems)
		}
	}
	if !bytes.Equal(f.Read(inStatic("mac1")), f.Read("old-cert.pem")) {
		t.Error("plan replaced a file")
	}
}

// refresh visits static hosts although no image is due.
func TestRefreshOfStaticHosts(t *testing.T) {
	scenario, files := withStatic(staticHost("mac1", ""))
	f := farmtest.Start(t, scenario, files)
	f.MustRun(0, "refresh")
	if r := f.MustRun(0, "refresh"); strings.Contains(r.Stdout, "STATIC HOST") {
		t.Errorf("nothing was to do, but it tells of static hosts:\n%s", r.Stdout)
	}
	launched := f.CallsOf("RunInstances")
	f.Write(inStatic("mac1"), string(f.Read("old-cert.pem"))) // restored from a backup, say
	if r := f.MustRun(0, "refresh"); !strings.Contains(r.Stdout, "replaced") {
		t.Errorf("the static host is not told of:\n%s", r.Stdout)
	}
	if !bytes.Equal(f.Read(inStatic("mac1")), f.Read("new-cert.pem")) || f.CallsOf("RunInstances") != launched {
		t.Error("the static host was not patched, or an instance was launched for it")
	}
}

// With strategy overlap static hosts get old and new, and one that has not got
// them keeps the master from switching.
func TestOverlapOfStaticHosts(t *testing.T) {
	scenario, files := withStatic(staticHost("mac1", ""), staticHost("odd", ""), staticHost("gone", ", down: true, optional: true"))
	f := farmtest.Start(t, scenario, files)
	f.Write("amirotate.yaml", "strategy: overlap\n"+string(f.Read("amirotate.yaml")))
	oldCert, newCert := string(f.Read("old-cert.pem")), string(f.Read("new-cert.pem"))
	f.Write(inStatic("odd"), "somebody's own\n")
	stage := func(r farmtest.Result) rotate.Progress {
		t.Helper()
		lines := strings.Split(strings.TrimSpace(r.Stdout), "\n")
		var summary struct{ Overlap rotate.Progress }
		if err := json.Unmarshal([]byte(lines[len(lines)-1]), &summary); err != nil {
			t.Fatal(err)
		}
		return summary.Overlap
	}

	if got := stage(f.MustRun(4, "rotate", "--json")); got.MaySwitch() || !slices.Contains(got.InTheWay, "odd") || slices.Contains(got.InTheWay, "mac1") {
		t.Errorf("while one has not got them: %+v", got)
	}
	if got := string(f.Read(inStatic("mac1"))); !strings.Contains(got, strings.TrimSpace(oldCert)) || !strings.Contains(got, strings.TrimSpace(newCert)) {
		t.Errorf("mac1 does not hold both:\n%s", got)
	}
	f.Write(inStatic("odd"), oldCert)
	if got := stage(f.MustRun(0, "rotate", "--json")); !got.MaySwitch() || len(got.InTheWay) > 0 {
		t.Errorf("when all have them: %+v", got)
	}

	// A cutover cuts the overlap short.
	if got := statics(t, f.MustRun(0, "rotate", "--json", "--strategy", "cutover"))["mac1"]; got.Status != rotate.StatusReplaced {
		t.Errorf("mac1 is %s: %s", got.Status, got.Error)
	}
	if got := string(f.Read(inStatic("mac1"))); got != newCert {
		t.Errorf("after the cutover mac1 holds\n%s", got)
	}
}

// What a host is reached with is looked for before anything is launched; at an
// optional host that is only a warning.
func TestStaticAccessIsChecked(t *testing.T) {
	for optional, code := range map[string]int{"": 2, ", optional: true": 0} {
		scenario, files := withStatic(staticHost("mac1", optional))
		f := farmtest.Start(t, scenario, files)
		config := string(f.Read("amirotate.yaml"))
		i := strings.Index(config, "\nstatic:")
		f.Write("amirotate.yaml", config[:i]+strings.Replace(config[i:], "identity_file: ssh/identity", "identity_file: ssh/gone", 1))
		r := f.MustRun(code, "rotate")
		if launched := f.CallsOf("RunInstances") > 0; launched != (code == 0) || !strings.Contains(r.Stdout+r.Stderr, "ssh/gone") {
			t.Errorf("optional %q: launched: %v\n%s%s", optional, launched, r.Stdout, r.Stderr)
		}
		if code == 2 {
			r = f.MustRun(4, "rotate", "--json", "--allow-partial")
			if got := statics(t, r)["mac1"]; got.Status != rotate.StatusBlocked || !got.listRewritten {
				t.Errorf("with --allow-partial mac1 is %s, the list rewritten: %v", got.Status, got.listRewritten)
			}
		}
	}
}

// A saved plan holds for its static hosts, too.
func TestSavedPlanOfStaticHosts(t *testing.T) {
	scenario, files := withStatic(staticHost("mac1", ""))
	f := farmtest.Start(t, scenario, files)
	plan := filepath.Join(t.TempDir(), "plan.json")
	f.MustRun(0, "plan", "--out", plan)
	config := string(f.Read("amirotate.yaml"))
	f.Write("amirotate.yaml", strings.Replace(config, "platform: linux\n", "platform: linux\n    optional: true\n", 1))
	if r := f.MustRun(2, "rotate", "--plan", plan); !strings.Contains(r.Stderr, "static host of mac1") {
		t.Errorf("the change is not told:\n%s", r.Stderr)
	}
	f.Write("amirotate.yaml", config)
	f.MustRun(0, "rotate", "--plan", plan)
}

func md5Of(b []byte) string { return verify.Of(b).MD5 }

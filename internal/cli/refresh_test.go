package cli_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/amirotate/amirotate/internal/farmtest"
	"github.com/amirotate/amirotate/internal/sandbox"
	"github.com/gofrs/flock"
	"github.com/google/go-cmp/cmp"
)

const fresh = `
region: us-west-1
slave_list: list.txt
clock: {scale: 0.02}
timings: {api: 0s, pending: 2s, boot: {linux: 2s}, stop: 2s, image: 5s, terminate: 2s}
throttle: off
security_groups:
  - {id: sg-11111111, name: rust-slave, ingress: [{port: 22, from: bastion}]}
images:
  - id: ami-11111111
    name: rust-linux
    platform: linux
    user: rustbuild
    files:
      - {path: /srv/cert.pem, from: old, mode: "0644"}
  - id: ami-22222222
    name: rust-android
    platform: linux
    user: rustbuild
    files:
      - {path: /srv/cert.pem, from: old, mode: "0644"}
`

const freshList = "linux1 MARK-1 ami=ami-11111111\nandroid1 MARK-2 ami=ami-22222222\nmac1 MARK-3\n"

// startFresh starts a farm whose configuration ends with these lines. Its
// certificate is made by the first refresh.
func startFresh(t testing.TB, settings string) *farmtest.Farm {
	t.Helper()
	return startFreshWith(t, fresh, settings, func(*sandbox.Options) {})
}

func startFreshWith(t testing.TB, scenario, settings string, change func(*sandbox.Options)) *farmtest.Farm {
	t.Helper()
	f := farmtest.StartWith(t, scenario, map[string]string{"list.txt": freshList, "one.txt": "linux1 MARK-1 ami=ami-11111111\nmac1 MARK-3\n"}, change)
	f.Now = f.Sandbox.Clock().Now
	config := strings.Replace(string(f.Read("amirotate.yaml")), "new: new-cert.pem", "new: bot-cert.pem", 1)
	config = strings.Replace(config, "key: new-key.pem", "key: bot-key.pem\n  subject: CN=bot.example.org\n  key_type: ecdsa-p256", 1)
	f.Write("amirotate.yaml", config+settings)
	return f
}

// mutations are the calls that changed EC2, in order.
func mutations(f *farmtest.Farm) (actions []string) {
	for _, c := range f.Calls() {
		if !c.DryRun && !strings.HasPrefix(c.Action, "Describe") && !strings.HasPrefix(c.Action, "Get") {
			actions = append(actions, c.Action)
		}
	}
	return actions
}

// summaryOf decodes the last line of --json.
func summaryOf(t *testing.T, r farmtest.Result) (summary struct {
	Event         string
	ListRewritten bool `json:"list_rewritten"`
	ExitCode      int  `json:"exit_code"`
	Images        []struct{ Source, Replacement, Status string }
}) {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(r.Stdout), "\n")
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &summary); err != nil || summary.Event != "summary" {
		t.Fatalf("%v\n%s", err, r.Stdout)
	}
	return summary
}

// The first refresh makes certificate and images, the second finds all as it
// should be, and a certificate that is due makes all anew: what hosts hold then
// is known by what lies beside the new one, and without that by their tags.
func TestRefresh(t *testing.T) {
	t.Parallel()
	f := startFresh(t, "")
	clock := f.Sandbox.Clock()
	clock.Set(time.Date(2030, 3, 5, 6, 0, 0, 0, time.UTC))
	first := summaryOf(t, f.MustRun(0, "refresh", "--json"))
	if !first.ListRewritten || len(first.Images) != 2 || first.Images[0].Status != "replaced" {
		t.Fatalf("the first refresh: %+v", first)
	}
	made, before := string(f.Read("bot-cert.pem")), mutations(f)
	idle := f.MustRun(0, "refresh")
	if !strings.Contains(idle.Stdout, "kept") || !strings.Contains(idle.Stdout, "its 2 images are current; nothing to do") {
		t.Errorf("the second refresh says\n%s", idle.Stdout)
	}
	if r := f.MustRun(0, "refresh", "--quiet"); r.Stdout+r.Stderr != "" {
		t.Errorf("--quiet says %q%q", r.Stdout, r.Stderr)
	}
	if s := summaryOf(t, f.MustRun(0, "refresh", "--json")); s.ListRewritten || s.Images[0].Status != "unchanged" {
		t.Errorf("an idle refresh: %+v", s)
	}
	if after := mutations(f); !cmp.Equal(before, after) {
		t.Errorf("idle refreshes did %v", after[len(before):])
	}
	for i, lost := range []bool{false, true} {
		clock.Set(clock.Now().AddDate(0, 0, 3600))
		if lost { // with nothing beside the new one
			for _, name := range f.Folders(".") {
				if strings.HasPrefix(name, "bot-") {
					if err := os.Remove(filepath.Join(f.Dir, name)); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
		r := f.MustRun(0, "refresh", "--json")
		if s := summaryOf(t, r); !s.ListRewritten || !strings.Contains(r.Stdout, `"event":"certificate"`) || !strings.Contains(r.Stdout, `"changed":true`) {
			t.Errorf("expiry %d: %+v\n%s", i, s, r.Stdout)
		}
		now := string(f.Read("bot-cert.pem"))
		if now == made {
			t.Errorf("expiry %d: the certificate is the same", i)
		}
		made = now
		for _, id := range listed(f) {
			if got := string(f.ImageFile(id, "srv/cert.pem")); got != made {
				t.Errorf("expiry %d: %s holds another certificate", i, id)
			}
		}
	}
	if left := f.Folders("instances"); len(left) > 0 {
		t.Errorf("instances %v are left", left)
	}
}

// listed are the images that the list names.
func listed(f *farmtest.Farm) (ids []string) {
	for _, field := range strings.Fields(string(f.Read("slave-list.txt"))) {
		if id, ok := strings.CutPrefix(field, "ami="); ok {
			ids = append(ids, id)
		}
	}
	return ids
}

// A machine whose certificate is not the one that the images got from elsewhere
// says so, instead of replacing each other's for ever.
func TestRefreshWithACertificateFromElsewhere(t *testing.T) {
	t.Parallel()
	f := startFresh(t, "")
	clock := f.Sandbox.Clock()
	f.MustRun(0, "refresh")
	// Another machine: no backups, another certificate and key, made earlier.
	for _, name := range f.Folders(".") {
		if strings.HasPrefix(name, "bot-") {
			os.Remove(filepath.Join(f.Dir, name))
		}
	}
	clock.Set(clock.Now().AddDate(0, 0, -3))
	f.MustRun(0, "cert", "ensure")
	clock.Set(clock.Now().AddDate(0, 0, 3))
	before := mutations(f)
	r := f.MustRun(2, "refresh")
	if !strings.Contains(r.Stderr, "not known here") || !strings.Contains(r.Stderr, "hint: another machine keeps one") {
		t.Errorf("it says\n%s", r.Stderr)
	}
	if after := mutations(f); !cmp.Equal(before, after) {
		t.Errorf("it did %v", after[len(before):])
	}
	// Made later, it is taken for the next one.
	clock.Set(clock.Now().AddDate(0, 0, 3600))
	f.MustRun(0, "refresh")
}

// A second refresh on the same machine leaves it to the first.
func TestRefreshIsAlone(t *testing.T) {
	t.Parallel()
	f := startFresh(t, "")
	lock := flock.New(filepath.Join(f.Dir, "slave-list.txt.refresh.lock"))
	if locked, err := lock.TryLock(); !locked || err != nil {
		t.Fatal(locked, err)
	}
	if r := f.MustRun(0, "refresh"); !strings.Contains(r.Stdout, "another refresh") || r.Stderr != "" {
		t.Errorf("it says %q%q", r.Stdout, r.Stderr)
	}
	if r := f.MustRun(0, "refresh", "--json"); summaryOf(t, r).ExitCode != 0 || !strings.Contains(r.Stdout, `"event":"note"`) {
		t.Errorf("it says %s", r.Stdout)
	}
	if len(f.Calls()) > 0 || slices.Contains(f.Folders("."), "bot-cert.pem") {
		t.Error("it has done something")
	}
	if err := lock.Unlock(); err != nil {
		t.Fatal(err)
	}
	f.MustRun(0, "refresh")
	f.Write("amirotate.yaml", string(f.Read("amirotate.yaml"))+"refresh: {lock: no/such/folder/lock}\n")
	if r := f.MustRun(2, "refresh"); !strings.Contains(r.Stderr, "cannot lock ") || !strings.Contains(r.Stderr, "hint: set refresh.lock") {
		t.Errorf("it says %s", r.Stderr)
	}
}

func TestRefreshRandomDelay(t *testing.T) {
	t.Parallel()
	f := startFresh(t, "refresh: {random_delay: 100h}\n")
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	r := f.RunContext(ctx, "refresh")
	if r.Code == 0 || !strings.Contains(r.Stdout, "waiting for ") || len(f.Calls()) > 0 {
		t.Errorf("exit code %d after a wait that was cut short, %s", r.Code, r.Stdout)
	}
	if r := f.MustRun(0, "refresh", "--random-delay", "10ms"); !strings.Contains(r.Stdout, "of at most 10ms") {
		t.Errorf("it says %s", r.Stdout)
	}
	f.MustRun(0, "refresh", "--random-delay", "0")
	f.MustRun(2, "refresh", "--random-delay", "-5m")
}

// Metrics tell of success and failure; the last success outlives a failure.
func TestRefreshPrometheus(t *testing.T) {
	t.Parallel()
	f := startFresh(t, "")
	clock := f.Sandbox.Clock()
	clock.Set(time.Unix(1_900_000_000, 0))
	f.MustRun(0, "refresh", "--prometheus", "refresh.prom")
	good := metricsOf(t, f)
	last := good["last_success_timestamp_seconds"]
	if good["success"] != "1" || last != good["last_run_timestamp_seconds"] || !strings.HasPrefix(last, "19000") ||
		good["images_behind"] != "0" || good["images"] != "2" || !strings.HasPrefix(good["certificate_not_after_timestamp_seconds"], "2215") {
		t.Errorf("after a good refresh: %v", good)
	}
	f.Write("amirotate.yaml", string(f.Read("amirotate.yaml"))+"epoch: next\n")
	for _, id := range listed(f) {
		write(t, filepath.Join(f.Dir, "images", id, "root/srv/cert.pem"), "something else")
	}
	clock.Set(time.Unix(1_910_000_000, 0))
	r := f.MustRun(4, "refresh", "--prometheus", "refresh.prom")
	if !strings.Contains(r.Stderr, "neither an expected old digest") {
		t.Errorf("it says %s", r.Stderr)
	}
	bad := metricsOf(t, f)
	if bad["success"] != "0" || bad["exit_code"] != "4" || bad["last_success_timestamp_seconds"] != last ||
		!strings.HasPrefix(bad["last_run_timestamp_seconds"], "19100") || bad["images_behind"] != "2" {
		t.Errorf("after a bad refresh: %v", bad)
	}
	f.Write("slave-list.txt", "not a list")
	f.MustRun(2, "refresh", "--prometheus", "refresh.prom")
	if got := metricsOf(t, f); got["exit_code"] != "2" || got["last_success_timestamp_seconds"] != last || got["images"] != "" {
		t.Errorf("after one that could not start: %v", got)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// metricsOf reads the values of refresh.prom by short names.
func metricsOf(t *testing.T, f *farmtest.Farm) map[string]string {
	t.Helper()
	values := map[string]string{}
	for line := range strings.Lines(string(f.Read("refresh.prom"))) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		name, rest, found := strings.Cut(strings.TrimSpace(line), `{list="`+filepath.Join(f.Dir, "slave-list.txt")+`"} `)
		if !found || values[name] != "" {
			t.Errorf("a line is %q", line)
		}
		values[strings.TrimPrefix(strings.TrimPrefix(name, "amirotate_"), "refresh_")] = rest
	}
	return values
}

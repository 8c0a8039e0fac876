package schedule

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/amirotate/amirotate/internal/testenv"
)

// awkward is a folder whose name means something to systemd, to shells and to
// cron; in it a program writes down its arguments.
func awkward(t *testing.T) (dir string, job Job) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), `100% "it's" $HOME;a\b é`)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(dir, "amirotate")
	script := "#!/bin/sh\nfor a; do printf '%s\\n' \"$a\"; done >'/" + strings.ReplaceAll(strings.TrimPrefix(dir, "/"), "'", `'\''`) + "/arguments'\n" +
		"printf '%s|%s' \"$SECRET\" \"$PATH\" >>'" + strings.ReplaceAll(dir, "'", `'\''`) + "/arguments'\n"
	if err := os.WriteFile(program, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	environment := filepath.Join(dir, "secrets.env")
	if err := os.WriteFile(environment, []byte("SECRET='a b'\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir, Job{Program: program, Config: filepath.Join(dir, "amirotate.yaml"), User: "root", Every: Hour, RandomDelay: 20 * time.Minute,
		Environment: environment, Secrets: []string{"AMIROTATE_WINRM_PASSWORD"}, Prometheus: filepath.Join(dir, "x.prom"), Writes: []string{dir, "/srv/list"}}
}

// forSystemd is the same with a program whose path systemd takes.
func forSystemd(t *testing.T) Job {
	t.Helper()
	_, job := awkward(t)
	program := filepath.Join(t.TempDir(), "50% $HOME;é", "amirotate")
	if err := os.MkdirAll(filepath.Dir(program), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(program, []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	job.Program = program
	return job
}

// systemd itself finds nothing wrong with the units, whatever the paths hold,
// and takes them for well confined.
func TestUnitsAreVerified(t *testing.T) {
	analyze := testenv.Program(t, "systemd-analyze")
	job := forSystemd(t)
	plain := job
	plain.User, plain.Every, plain.Prometheus, plain.Environment = "daemon", Day, "", "/etc/amirotate/amirotate.env"
	master := job
	master.Master, master.Commands = true, true
	for name, j := range map[string]Job{"awkward": job, "plain": plain, "master": master} {
		dir := t.TempDir()
		files, err := Systemd(j)
		if err != nil {
			t.Fatal(err)
		}
		args := []string{"verify", "--man=no"}
		for _, f := range files {
			path := filepath.Join(dir, filepath.Base(f.Path))
			if err := os.WriteFile(path, []byte(f.Content), 0o644); err != nil {
				t.Fatal(err)
			}
			args = append(args, path)
		}
		if out, err := exec.Command(analyze, args...).CombinedOutput(); err != nil || len(out) > 0 {
			t.Errorf("%s: %v: %s\n%s", name, err, out, files[0].Content)
		}
		if name == "master" {
			continue
		}
		const most = "30" // of 100; systemd calls up to 30 ok
		if out, err := exec.Command(analyze, "security", "--offline=true", "--threshold="+most, args[2]).CombinedOutput(); err != nil {
			t.Errorf("%s: %v: %s", name, err, out)
		}
	}
}

// What verify is for: a unit that is wrong is found.
func TestUnitsAreReallyVerified(t *testing.T) {
	analyze := testenv.Program(t, "systemd-analyze")
	job := forSystemd(t)
	files, err := Systemd(job)
	if err != nil {
		t.Fatal(err)
	}
	for old, new := range map[string]string{"ProtectSystem=strict": "ProtectSystm=strict", "Type=oneshot": "Type=oneshoot", "/amirotate\" refresh": "/amirotat\" refresh"} {
		path := filepath.Join(t.TempDir(), "amirotate-refresh.service")
		if err := os.WriteFile(path, []byte(strings.Replace(files[0].Content, old, new, 1)), 0o644); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command(analyze, "verify", "--man=no", path).CombinedOutput(); err == nil && len(out) == 0 {
			t.Errorf("nothing is wrong with %s", new)
		}
	}
}

// cronLine is what cron hands to the shell: it cuts a line at the first % sign
// that no backslash stands before, and takes away those backslashes (crontab(5)).
func cronLine(t *testing.T, content string) string {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(content), "\n")
	fields := strings.SplitN(lines[len(lines)-1], " ", 7)
	if len(fields) != 7 || fields[5] != "root" {
		t.Fatalf("the last line is %q", lines[len(lines)-1])
	}
	var command strings.Builder
	rest := fields[6]
	for i := 0; i < len(rest); i++ {
		if rest[i] == '\\' && i+1 < len(rest) && rest[i+1] == '%' {
			continue
		}
		if rest[i] == '%' && (i == 0 || rest[i-1] != '\\') {
			break
		}
		command.WriteByte(rest[i])
	}
	return command.String()
}

// The line runs as cron runs it, with the arguments and the environment that it
// is to have, whatever the paths hold.
func TestCronLineRuns(t *testing.T) {
	dir, job := awkward(t)
	file, err := Cron(job)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("/bin/sh", "-c", cronLine(t, file.Content))
	cmd.Env = []string{"HOME=/root", "LOGNAME=root", "SHELL=/bin/sh", "PATH=/usr/bin:/bin"}
	cmd.Dir = "/"
	if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
		t.Fatalf("%v: %s\n%s", err, out, file.Content)
	}
	got, err := os.ReadFile(filepath.Join(dir, "arguments"))
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Join([]string{"refresh", "--config", job.Config, "--quiet", "--random-delay", "20m0s", "--prometheus", job.Prometheus, "a b|/usr/bin:/bin"}, "\n")
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("it was given (-want +got):\n%s", diff)
	}
	if err := os.Remove(job.Environment); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("/bin/sh", "-c", cronLine(t, file.Content)).CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("without a file of secrets: %v: %s", err, out)
	}
}

func TestNoLineEnds(t *testing.T) {
	_, job := awkward(t)
	if _, err := Systemd(job); err == nil {
		t.Error("systemd would not start this program")
	}
	job = forSystemd(t)
	job.Writes = append(job.Writes, "/srv/a\nUser=root")
	if _, err := Systemd(job); err == nil {
		t.Error("a unit with a line more than it should have")
	}
	if _, err := Cron(job); err == nil {
		t.Error("a cron line too many")
	}
}

package remote_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/amirotate/amirotate/internal/remote/scripts"
	"github.com/amirotate/amirotate/internal/remote/winrm"
	"github.com/amirotate/amirotate/internal/verify"
)

// pwsh returns a real PowerShell, or skips the test where there is none: it is
// in no distribution's packages.
func pwsh(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"pwsh", "powershell.exe"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skip("SKIP: there is no PowerShell (pwsh) on PATH, and no distribution packages it: install it to run the shipped .ps1 files for real") //nolint:forbidigo // not even in CI
	return ""
}

// printed is a script's result.
type printed struct {
	Outcome string `json:"outcome"`
	Files   []struct {
		Path    string        `json:"path"`
		Status  verify.Status `json:"status"`
		SHA256  string        `json:"sha256"`
		MD5     string        `json:"md5"`
		Size    int           `json:"size"`
		Content []byte        `json:"content"`
		Problem string        `json:"problem"`
	} `json:"files"`
	Problem string `json:"problem"`
}

// runScript runs a shipped script by its file, with the request in a file.
func runScript(t *testing.T, script string, request any) printed {
	t.Helper()
	text, err := json.Marshal(request)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "request.json")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(pwsh(t), "-NoLogo", "-NoProfile", "-NonInteractive", "-ExecutionPolicy", "Bypass",
		"-File", filepath.Join("scripts", script), "-Request", file)
	return resultOf(t, cmd)
}

func resultOf(t *testing.T, cmd *exec.Cmd) printed {
	t.Helper()
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdout, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s%s", err, stdout, stderr.Bytes())
	}
	line, ok := strings.CutPrefix(strings.TrimSpace(string(stdout)), scripts.ResultMark)
	if !ok || stderr.Len() > 0 {
		t.Fatalf("stdout %q, stderr %q", stdout, stderr.Bytes())
	}
	var p printed
	if err := json.Unmarshal([]byte(line), &p); err != nil {
		t.Fatalf("%v in %s", err, line)
	}
	return p
}

// changeFor is a change as replace.ps1 takes it.
func changeFor(path, old, new string) map[string]any {
	d := verify.Of([]byte(new))
	return map[string]any{
		"path": path, "old": []verify.Digests{{MD5: verify.Of([]byte(old)).MD5}},
		"md5": d.MD5, "sha256": d.SHA256, "content": base64.StdEncoding.EncodeToString([]byte(new)),
	}
}

func writeAll(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, content := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func readAll(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := make(map[string]string)
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		rel, _ := filepath.Rel(dir, path)
		files[filepath.ToSlash(rel)] = string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestPowerShellReplace(t *testing.T) {
	pwsh(t)
	for _, tt := range []struct {
		name    string
		files   map[string]string
		paths   []string
		prepare func(t *testing.T, dir string)
		damage  bool
		outcome string
		want    map[string]string
	}{
		{name: "replaced", files: map[string]string{"a b'c.pem": "old"}, paths: []string{"a b'c.pem"}, outcome: "replaced", want: map[string]string{"a b'c.pem": "new"}},
		{name: "already new", files: map[string]string{"a": "new"}, paths: []string{"a"}, outcome: "replaced", want: map[string]string{"a": "new"}},
		{name: "refused", files: map[string]string{"a": "other"}, paths: []string{"a"}, outcome: "refused", want: map[string]string{"a": "other"}},
		{name: "missing", files: map[string]string{"b": "old"}, paths: []string{"a"}, outcome: "refused", want: map[string]string{"b": "old"}},
		{name: "empty file", files: map[string]string{"a": ""}, paths: []string{"a"}, outcome: "refused", want: map[string]string{"a": ""}},
		{name: "brackets in the name", files: map[string]string{"[a].pem": "old"}, paths: []string{"[a].pem"}, outcome: "replaced", want: map[string]string{"[a].pem": "new"}},
		{
			name: "read-only", files: map[string]string{"a": "old"}, paths: []string{"a"}, outcome: "replaced", want: map[string]string{"a": "new"},
			prepare: func(t *testing.T, dir string) {
				if err := os.Chmod(filepath.Join(dir, "a"), 0o444); err != nil {
					t.Fatal(err)
				}
			},
		},
		{
			name: "symbolic link", files: map[string]string{"real": "old"}, paths: []string{"link"}, outcome: "replaced",
			prepare: func(t *testing.T, dir string) {
				if err := os.Symlink("real", filepath.Join(dir, "link")); err != nil {
					t.Fatal(err)
				}
			},
			want: map[string]string{"real": "new", "link": "new"},
		},
		{name: "directory", files: map[string]string{"a/b": "old"}, paths: []string{"a"}, outcome: "refused", want: map[string]string{"a/b": "old"}},
		{name: "damaged payload", files: map[string]string{"a": "old"}, paths: []string{"a"}, damage: true, outcome: "damaged", want: map[string]string{"a": "old"}},
		{
			name: "staged file of a dead run", files: map[string]string{"a": "old", ".amirotate-a.tmp": "half"}, paths: []string{"a"},
			outcome: "replaced", want: map[string]string{"a": "new"},
		},
		{
			name: "run that died between two renames", files: map[string]string{".amirotate-a.old": "old", ".amirotate-a.tmp": "new"},
			paths: []string{"a"}, outcome: "replaced", want: map[string]string{"a": "new"},
		},
		{
			name: "many, all of them", files: map[string]string{"a": "old", "b": "new", "c": "old"}, paths: []string{"a", "b", "c"},
			outcome: "replaced", want: map[string]string{"a": "new", "b": "new", "c": "new"},
		},
		{
			name: "many, none of them", files: map[string]string{"a": "old", "b": "other", "c": "old"}, paths: []string{"a", "b", "c"},
			outcome: "refused", want: map[string]string{"a": "old", "b": "other", "c": "old"},
		},
		{
			name: "the same file twice", files: map[string]string{"a": "old"}, paths: []string{"a", "a"},
			outcome: "failed", want: map[string]string{"a": "old"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			writeAll(t, dir, tt.files)
			if tt.prepare != nil {
				tt.prepare(t, dir)
			}
			var changes []map[string]any
			for _, p := range tt.paths {
				c := changeFor(filepath.Join(dir, p), "old", "new")
				if tt.damage {
					c["content"] = base64.StdEncoding.EncodeToString([]byte("nfw"))
				}
				changes = append(changes, c)
			}
			got := runScript(t, "replace.ps1", map[string]any{"changes": changes})
			if got.Outcome != tt.outcome {
				t.Errorf("outcome %q (%s), want %q", got.Outcome, got.Problem, tt.outcome)
			}
			if diff := cmp.Diff(tt.want, readAll(t, dir)); diff != "" {
				t.Errorf("files (-want +got):\n%s", diff)
			}
			if info, err := os.Stat(filepath.Join(dir, "a")); tt.name == "read-only" && (err != nil || info.Mode().Perm()&0o222 != 0) {
				t.Errorf("no longer read-only: %v, %v", info.Mode(), err)
			}
		})
	}
}

func TestPowerShellRead(t *testing.T) {
	pwsh(t)
	dir := t.TempDir()
	writeAll(t, dir, map[string]string{"für 日本.pem": "content\r\n", "empty": "", "folder/x": ""})
	paths := []string{filepath.Join(dir, "für 日本.pem"), filepath.Join(dir, "empty"), filepath.Join(dir, "folder"), filepath.Join(dir, "none"), "relative"}
	want := []verify.Status{verify.Present, verify.Present, verify.Unreadable, verify.Missing, verify.Unreadable}
	got := runScript(t, "read.ps1", map[string]any{"paths": paths, "content": true})
	if len(got.Files) != len(paths) {
		t.Fatalf("%+v", got)
	}
	for i, f := range got.Files {
		if f.Path != paths[i] || f.Status != want[i] || (f.Status == verify.Unreadable) != (f.Problem != "") {
			t.Errorf("%+v, want %s", f, want[i])
		}
	}
	if d := verify.Of([]byte("content\r\n")); got.Files[0].SHA256 != d.SHA256 || got.Files[0].MD5 != d.MD5 || string(got.Files[0].Content) != "content\r\n" {
		t.Errorf("%+v", got.Files[0])
	}
}

// The ways in which the scripts travel, each with a real PowerShell at its end.
func TestPowerShellBootstrap(t *testing.T) {
	shell := pwsh(t)
	dir := t.TempDir()
	writeAll(t, dir, map[string]string{"a": "old"})
	request, err := json.Marshal(map[string]any{"paths": []string{filepath.Join(dir, "a")}})
	if err != nil {
		t.Fatal(err)
	}
	packed := scripts.Pack(scripts.Compact(scripts.WindowsRead), string(request))
	for _, source := range []string{scripts.SourceLiteral(packed), scripts.SourceStdin, scripts.SourceEnvironment} {
		cmd := exec.Command(shell, "-NoLogo", "-NoProfile", "-NonInteractive", "-InputFormat", "None", "-OutputFormat", "Text",
			"-Command", scripts.Bootstrap(source))
		if source == scripts.SourceStdin {
			cmd.Stdin = strings.NewReader(packed)
		}
		cmd.Env = append(os.Environ(), "AMIROTATE_SCRIPT="+packed)
		if got := resultOf(t, cmd); len(got.Files) != 1 || got.Files[0].Status != verify.Present {
			t.Errorf("%+v", got)
		}
	}
	line, input := winrm.SSHCommand(scripts.Compact(scripts.WindowsRead), string(request))
	cmd := exec.Command(shell, strings.Fields(line)[1:]...)
	cmd.Stdin = bytes.NewReader(input)
	if got := resultOf(t, cmd); len(got.Files) != 1 || got.Files[0].Status != verify.Present {
		t.Errorf("over SSH: %+v", got)
	}
}

func TestPowerShellFind(t *testing.T) {
	pwsh(t)
	dir := t.TempDir()
	writeAll(t, dir, map[string]string{"a/1": "cert", "a/b/2": "cert", "a/long": "certificate", "x y/a/3": "cert", "[q]/4": "cert", "q/5": "cert"})
	for name, tt := range map[string]struct {
		request map[string]any
		want    []string
	}{
		"one level":  {map[string]any{"folders": []string{"a", "none"}, "depth": 1, "sizes": []int{4}, "most": 9}, []string{"a/1"}},
		"two levels": {map[string]any{"folders": []string{"a"}, "depth": 2, "sizes": []int{4, 5}, "most": 9}, []string{"a/1", "a/b/2"}},
		"wildcards":  {map[string]any{"folders": []string{"x*/a", "[?]"}, "depth": 1, "sizes": []int{4}, "most": 9}, []string{"[q]/4", "x y/a/3"}},
		"any size":   {map[string]any{"folders": []string{"a"}, "depth": 1, "sizes": []int{}, "most": 9}, []string{"a/1", "a/long"}},
		"no more":    {map[string]any{"folders": []string{"a"}, "depth": 2, "sizes": []int{4}, "most": 1}, []string{"a/1"}},
	} {
		var folders []string
		for _, f := range tt.request["folders"].([]string) {
			folders = append(folders, filepath.Join(dir, f))
		}
		tt.request["folders"], tt.request["seconds"] = folders, 20
		got := runScript(t, "find.ps1", tt.request)
		var paths []string
		for _, f := range got.Files {
			rel, _ := filepath.Rel(dir, f.Path)
			paths = append(paths, filepath.ToSlash(rel))
		}
		slices.Sort(paths)
		if diff := cmp.Diff(tt.want, paths); diff != "" || got.Problem != "" {
			t.Errorf("%s: %s %s", name, got.Problem, diff)
		}
	}
}

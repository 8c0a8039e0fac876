package cli_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/amirotate/amirotate/internal/cli"
	"github.com/amirotate/amirotate/internal/sandbox"
	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"amirotate": func() { os.Exit(cli.Main()) },
	})
}

// Scripts run the program as a process of its own. What holds for every
// command line is checked after each of them; see checkPromises.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireUniqueNames:  true,
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("TERM", "xterm")
			env.Setenv("XDG_STATE_HOME", filepath.Join(env.WorkDir, "state"))
			env.Setenv("FARM", farmFiles)
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"farm":       startFarm,
			"run":        run,
			"made":       made,
			"cert":       makeCert,
			"jsonline":   jsonLine,
			"hostfile":   hostFile,
			"waitfor":    waitFor,
			"environ":    environ,
			"replace":    replaceText,
			"secretless": secretless,
			"append":     appendText,
			"cron":       runCron,
			"follow":     follow,
		},
	})
}

// startFarm serves scenario.yaml, or the one in testdata/farm, from folder
// farm, and sets the environment that it asks for.
func startFarm(ts *testscript.TestScript, _ bool, _ []string) {
	o := sandbox.Options{Dir: ts.MkAbs("farm"), Scenario: ts.MkAbs("scenario.yaml"), Listen: "127.0.0.1:0"}
	if _, err := os.Stat(o.Scenario); err != nil {
		copyFarm(ts)
	}
	s, err := sandbox.Start(context.Background(), o)
	ts.Check(err)
	ts.Defer(func() { _ = s.Close() })
	for name, value := range s.Environment() {
		ts.Setenv(name, value)
	}
	ts.Setenv("BASTION", s.Ready().Bastion.User+"@"+s.Ready().Bastion.Address)
	ts.Setenv("BASTION_ADDRESS", s.Ready().Bastion.Address)
	ts.Check(os.WriteFile(ts.MkAbs("list.before"), []byte(ts.ReadFile("farm/slave-list.txt")), 0o600))
}

// copyFarm puts the files of testdata/farm into the script's folder.
func copyFarm(ts *testscript.TestScript) {
	for _, name := range []string{"scenario.yaml", "list.txt"} {
		if _, err := os.Stat(ts.MkAbs(name)); err == nil {
			continue
		}
		data, err := os.ReadFile(filepath.Join(farmFiles, name))
		ts.Check(err)
		ts.Check(os.WriteFile(ts.MkAbs(name), data, 0o600))
	}
}

// farmFiles is absolute: scripts run in folders of their own.
var farmFiles, _ = filepath.Abs("testdata/farm")

// run is "run CODE amirotate ARGS…": the exit code must be that.
func run(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	launched := len(calls(ts, "RunInstances"))
	err = ts.Exec(args[1], args[2:]...)
	code := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		code = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if code != want {
		ts.Fatalf("exit code %d, want %d", code, want)
	}
	if code == 2 && len(calls(ts, "RunInstances")) != launched {
		ts.Fatalf("exit code 2, but an instance was launched")
	}
	checkPromises(ts, code, args[2:])
}

// checkPromises looks at what must hold for whatever was asked: an error reads
// "amirotate: cannot …" with hints on lines of their own, JSON is JSON alone,
// nothing steers a terminal, and no password is anywhere.
func checkPromises(ts *testscript.TestScript, code int, args []string) {
	stdout, stderr := ts.ReadFile("stdout"), ts.ReadFile("stderr")
	failed := code != 0 && code != 3
	if failed && !strings.HasPrefix(lastError(stderr), "amirotate: cannot ") {
		ts.Fatalf("the error doesn't begin with \"amirotate: cannot \"")
	}
	if !failed && stderr != "" {
		ts.Fatalf("nothing failed, but stderr is not empty")
	}
	for line := range strings.Lines(stderr) {
		if strings.Contains(line, "hint:") && !strings.HasPrefix(strings.TrimLeft(line, " "), "hint:") {
			ts.Fatalf("a hint is not on a line of its own: %s", line)
		}
	}
	if slices.Contains(args, "--json") {
		dec := json.NewDecoder(strings.NewReader(stdout))
		var v any
		for err := error(nil); !errors.Is(err, io.EOF); {
			if err = dec.Decode(&v); err != nil && !errors.Is(err, io.EOF) {
				ts.Fatalf("stdout holds something that is no JSON: %v", err)
			}
		}
	}
	if slices.Contains(args, "--quiet") && stdout != "" {
		ts.Fatalf("quiet, but stdout is not empty")
	}
	api, _ := os.ReadFile(ts.MkAbs("farm/api.jsonl"))
	for where, text := range map[string]string{"stdout": stdout, "stderr": stderr, "api.jsonl": string(api)} {
		checkText(ts, where, text)
	}
}

// lastError is stderr from its last "amirotate: " on.
func lastError(stderr string) string {
	return stderr[max(0, strings.LastIndex("\n"+stderr, "\namirotate: ")):]
}

func checkText(ts *testscript.TestScript, where, text string) {
	if i := strings.IndexFunc(text, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }); i >= 0 {
		ts.Fatalf("%s holds a control character: %q", where, text[i:min(len(text), i+40)])
	}
	secrets := []string{"MARK-"}
	if password := ts.Getenv("AMIROTATE_WINRM_PASSWORD"); password != "" {
		secrets = append(secrets, password)
	}
	for _, secret := range secrets {
		if i := strings.Index(text, secret); i >= 0 {
			ts.Fatalf("%s holds a password: %q", where, text[i:min(len(text), i+40)])
		}
	}
}

package cli_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// calls are the EC2 calls of an action that were carried out.
func calls(ts *testscript.TestScript, action string) (lines []string) {
	data, _ := os.ReadFile(ts.MkAbs("farm/api.jsonl"))
	for line := range bytes.Lines(data) {
		var c struct {
			Action string
			DryRun bool `json:"dry_run"`
			Status int
		}
		ts.Check(json.Unmarshal(line, &c))
		if c.Action == action && !c.DryRun && c.Status == 200 {
			lines = append(lines, string(line))
		}
	}
	return lines
}

// made is "made N": so many images were made, and no instance is left.
func made(ts *testscript.TestScript, _ bool, args []string) {
	if n := len(calls(ts, "CreateImage")); strconv.Itoa(n) != args[0] {
		ts.Fatalf("%d images were made, want %s", n, args[0])
	}
	left, err := os.ReadDir(ts.MkAbs("farm/instances"))
	if err != nil && !os.IsNotExist(err) {
		ts.Check(err)
	}
	if len(left) > 0 {
		ts.Fatalf("%s is left", left[0].Name())
	}
}

// jsonLine is "jsonline REGEXP" of the last line of stdout.
func jsonLine(ts *testscript.TestScript, neg bool, args []string) {
	lines := strings.Split(strings.TrimSpace(ts.ReadFile("stdout")), "\n")
	if regexp.MustCompile(args[0]).MatchString(lines[len(lines)-1]) == neg {
		ts.Fatalf("the last line of stdout is %s", lines[len(lines)-1])
	}
}

// hostFile is "hostfile WORKER PATH FILE": the image that the list names for a
// worker holds at PATH what FILE does.
func hostFile(ts *testscript.TestScript, _ bool, args []string) {
	line := regexp.MustCompile(`(?m)^` + args[0] + `\s.*ami=(ami-[0-9a-f]+)`).FindStringSubmatch(ts.ReadFile("farm/slave-list.txt"))
	if line == nil {
		ts.Fatalf("no worker %s with an image", args[0])
	}
	if ts.ReadFile(filepath.Join("farm/images", line[1], "root", args[1])) != ts.ReadFile(args[2]) {
		ts.Fatalf("%s of %s (%s) doesn't hold what %s does", args[1], args[0], line[1], args[2])
	}
}

// waitFor is "waitfor FILE [REGEXP]": until FILE is there and matches.
func waitFor(ts *testscript.TestScript, _ bool, args []string) {
	want := regexp.MustCompile(strings.Join(args[1:], ""))
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if data, err := os.ReadFile(ts.MkAbs(args[0])); err == nil && want.Match(data) {
			return
		}
	}
	ts.Fatalf("%s didn't come to match %s", args[0], want)
}

// environ is "environ FILE": sets its NAME=value lines, as a shell's set -a does.
func environ(ts *testscript.TestScript, _ bool, args []string) {
	for line := range strings.Lines(ts.ReadFile(args[0])) {
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		ts.Setenv(name, value)
	}
}

// makeCert is "cert FILE FROM TO": a certificate valid for these durations from
// now, with its key in FILE.key.
func makeCert(ts *testscript.TestScript, _ bool, args []string) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	ts.Check(err)
	from, err := time.ParseDuration(args[1])
	ts.Check(err)
	to, err := time.ParseDuration(args[2])
	ts.Check(err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(from), NotAfter: time.Now().Add(to)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	ts.Check(err)
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o644))
	ts.Check(os.WriteFile(ts.MkAbs(args[0]+".key"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}), 0o600))
}

// replaceText is "replace FILE OLD NEW".
func replaceText(ts *testscript.TestScript, _ bool, args []string) {
	was := ts.ReadFile(args[0])
	is := strings.ReplaceAll(was, args[1], args[2])
	if is == was {
		ts.Fatalf("%s doesn't hold %q", args[0], args[1])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(is), 0o600))
}

// runCron is "cron FILE": runs the command of a crontab's last line as cron
// does, to its good end.
func runCron(ts *testscript.TestScript, _ bool, args []string) {
	lines := strings.Split(strings.TrimSpace(ts.ReadFile(args[0])), "\n")
	fields := strings.SplitN(lines[len(lines)-1], " ", 7)
	command := strings.ReplaceAll(fields[6], `\%`, "%")
	coverage := ts.MkAbs("coverage") // a program built with -cover says so if it has no place for its counters
	ts.Check(os.MkdirAll(coverage, 0o700))
	ts.Check(ts.Exec("env", "-i", "HOME="+ts.Getenv("WORK"), "LOGNAME="+fields[5], "SHELL=/bin/sh", "PATH=/usr/bin:/bin", "GOCOVERDIR="+coverage, "/bin/sh", "-c", command))
	if out := ts.ReadFile("stdout") + ts.ReadFile("stderr"); out != "" {
		ts.Fatalf("cron would send a mail")
	}
}

// appendText is "append FILE LINE".
func appendText(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(ts.ReadFile(args[0])+"\n"+args[1]+"\n"), 0o600))
}

// secretless is "secretless DIR": no file below it holds a password, but for
// the lists and for the environment that the sandbox hands out.
func secretless(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(filepath.WalkDir(ts.MkAbs(args[0]), func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || strings.HasPrefix(d.Name(), "slave-list.txt") || d.Name() == "env" {
			return err
		}
		data, err := os.ReadFile(path)
		for _, secret := range []string{"MARK-", ts.Getenv("AMIROTATE_WINRM_PASSWORD")} {
			if bytes.Contains(data, []byte(secret)) {
				ts.Fatalf("%s holds a password", path)
			}
		}
		return err
	}))
}

// follow is "follow FILE COMMAND CODE": has a shell do what a rotation, whose
// output is in FILE, advises to do by that command.
func follow(ts *testscript.TestScript, _ bool, args []string) {
	line := regexp.MustCompile(`(?m)^ {2,}(amirotate ` + args[1] + `.*)$`).FindStringSubmatch(ts.ReadFile(args[0]))
	if line == nil {
		ts.Fatalf("no command %s is advised", args[1])
	}
	run(ts, false, []string{args[2], "sh", "-c", line[1]})
}

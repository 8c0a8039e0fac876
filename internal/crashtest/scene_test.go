package crashtest

import (
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/amirotate/amirotate/internal/farmtest"
	"github.com/amirotate/amirotate/internal/sandbox"
)

// scene is a farm, its killer, and what it was like before.
type scene struct {
	*farmtest.Farm
	*killer
	verb      string // the command that is killed and run again
	newCert   string // name of the file that hosts are to hold
	list      string
	decoy     []byte
	trees     map[string][]string // files by image
	residents []string            // instances
}

func newScene(t *testing.T, scenario string, files map[string]string) *scene {
	t.Helper()
	k := &killer{}
	f := farmtest.StartWith(t, scenario, files, func(o *sandbox.Options) { o.Observe = k.observe })
	s := &scene{Farm: f, killer: k, verb: "rotate", newCert: "new-cert.pem", list: string(f.Read("slave-list.txt")), trees: map[string][]string{}, residents: f.Folders("instances")}
	images := f.Folders("images")
	for _, id := range images {
		s.trees[id] = f.Tree(id)
	}
	if slices.Contains(images, windowsImage) {
		s.decoy = f.ImageFile(windowsImage, "C/bot/cert.pem")
	}
	return s
}

// limit bounds one run of the program, in real time.
const limit = 90 * time.Second

// command is the program with the farm's configuration, not yet started.
func (s *scene) command(args ...string) *victim {
	v := &victim{cmd: exec.Command(program, append([]string{"--config", s.Sandbox.Ready().Config}, args...)...), ended: make(chan struct{})}
	for name, value := range s.Sandbox.Environment() {
		v.cmd.Env = append(v.cmd.Env, name+"="+value)
	}
	v.cmd.Env = append(v.cmd.Env, "HOME="+s.Dir)
	v.cmd.Stdout, v.cmd.Stderr = &v.output, &v.output
	return v
}

// start starts the command, to be struck at a point.
func (s *scene) start(target int, signal syscall.Signal, args ...string) *victim {
	s.T.Helper()
	v := s.command(append([]string{s.verb, "--json"}, args...)...)
	if err := s.aim(v, target, signal); err != nil {
		s.T.Fatal(err)
	}
	v.await()
	return v
}

// startBeside starts a rotation that nothing strikes, beside another.
func (s *scene) startBeside(args ...string) *victim {
	s.T.Helper()
	v := s.command(append([]string{"rotate", "--json"}, args...)...)
	if err := v.cmd.Start(); err != nil {
		s.T.Fatal(err)
	}
	v.await()
	return v
}

// await notices the end of a program that was started.
func (v *victim) await() {
	go func() {
		_ = v.cmd.Wait() // the exit code is looked at by those who care
		close(v.ended)
	}()
}

// wait waits for a program's end and returns its exit code, -1 if it was killed.
func (s *scene) wait(v *victim) int {
	s.T.Helper()
	select {
	case <-v.ended:
	case <-time.After(limit):
		_ = v.cmd.Process.Signal(syscall.SIGQUIT) // for its stack
		time.Sleep(time.Second)
		_ = v.cmd.Process.Kill()
		<-v.ended
		s.T.Errorf("the program did not end within %s\n%s", limit, v.output.String())
	}
	return v.cmd.ProcessState.ExitCode()
}

// finish runs the same command to its end.
func (s *scene) finish(args ...string) {
	s.T.Helper()
	v := s.start(0, 0, args...)
	if code := s.wait(v); code != 0 {
		s.T.Errorf("the last run ended with exit code %d, want 0\n%s", code, v.output.String())
	}
}

// setWaits puts limits into the farm's configuration.
func (s *scene) setWaits(waits ...string) {
	s.T.Helper()
	config := string(s.Read("amirotate.yaml"))
	if !strings.Contains(config, "\nwaits:\n") {
		s.T.Fatalf("no waits in\n%s", config)
	}
	s.Write("amirotate.yaml", strings.Replace(config, "\nwaits:\n", "\nwaits:\n  "+strings.Join(waits, "\n  ")+"\n", 1))
}

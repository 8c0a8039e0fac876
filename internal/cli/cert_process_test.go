package cli_test

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/amirotate/amirotate/internal/cli"
)

// argsVariable turns TestCertProcess into the program, in a process of its own.
const argsVariable = "AMIROTATE_TEST_ARGS"

func TestCertProcess(*testing.T) {
	var args []string
	if json.Unmarshal([]byte(os.Getenv(argsVariable)), &args) != nil {
		return
	}
	os.Args = append([]string{"amirotate"}, args...)
	os.Exit(cli.Main())
}

// process is the program, to be killed.
func (b *certBench) process(args ...string) *exec.Cmd {
	b.Helper()
	text, err := json.Marshal(append([]string{"cert"}, args...))
	if err != nil {
		b.Fatal(err)
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestCertProcess$")
	cmd.Dir = b.dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), argsVariable + "=" + string(text)}
	for name, value := range b.env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	return cmd
}

// short is a configuration under which what is made is not due; under
// dueConfig it is.
func short(config string) string     { return config + "  validity: 100d\n" }
func dueConfig(config string) string { return config + "  renew_before: 200d\n" }

// keptPair is the pair in bot.pem and bot-key.pem by its certificate; "" if there is
// none, and "mix" if they don't belong together.
func keptPair(dir string) string {
	certificate, certErr := os.ReadFile(filepath.Join(dir, "bot.pem"))
	key, keyErr := os.ReadFile(filepath.Join(dir, "bot-key.pem"))
	if os.IsNotExist(certErr) && os.IsNotExist(keyErr) {
		return ""
	}
	if _, err := tls.X509KeyPair(certificate, key); err != nil {
		return "mix"
	}
	return string(certificate)
}

// ssmPair is a configuration that keeps one pair in Parameter Store.
const ssmPair = `
waits: {poll: 10ms}
certificate:
  store: {ssm: 'bot-{item}'}
  key_type: ecdsa-p256
  subject: CN=bot.example.org
`

// killer stands between the program and AWS, and kills it at its nth write:
// before AWS has it, or before the program has the answer.
type killer struct {
	mu     sync.Mutex
	cmd    *exec.Cmd
	ended  chan struct{}
	writes int
	nth    int
	after  bool
	struck bool
}

func (k *killer) handler(t *testing.T, endpoint string) http.Handler {
	target, err := url.Parse(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(target)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		k.mu.Lock()
		action := strings.TrimPrefix(r.Header.Get("X-Amz-Target"), "AmazonSSM.")
		if strings.HasPrefix(action, "Put") || strings.HasPrefix(action, "Delete") {
			k.writes++
		}
		kill := k.writes == k.nth && !k.struck
		k.struck = k.struck || kill
		k.mu.Unlock()
		if kill && k.after {
			proxy.ServeHTTP(httptest.NewRecorder(), r)
		}
		if kill {
			_ = k.cmd.Process.Kill()
			<-k.ended
			panic(http.ErrAbortHandler)
		}
		proxy.ServeHTTP(w, r)
	})
}

// TestCertKilledProcessSSM kills the real process with SIGKILL at each of its
// writes to Parameter Store.
func TestCertKilledProcessSSM(t *testing.T) {
	f := quickFarm(t, "")
	points := 0
	for _, after := range []bool{false, true} {
		for n := 1; ; n++ {
			b := newCertBench(t, "").onFarm(f)
			b.now = time.Now()
			config := strings.ReplaceAll(ssmPair, "bot-{", b.uniqueName()+"-{")
			b.write("amirotate.yaml", short(config))
			old := b.ensure().Certificates[0]
			b.write("amirotate.yaml", dueConfig(config))
			if !b.killedAtWrite(n, after, f.Sandbox.Ready().Endpoint) {
				break
			}
			points++
			var seen checked
			b.decode(b.run("check", "--json"), &seen)
			e := b.ensure()
			if wasOld := seen.Certificates[0].NotAfter.Equal(old.NotAfter); wasOld != e.Changed {
				t.Fatalf("killed at write %d: the old pair was there: %v, and the next run made one: %v", n, wasOld, e.Changed)
			}
			if c := e.Certificates[0]; c.KeyMatches == nil || !*c.KeyMatches || c.NotAfter.Equal(old.NotAfter) {
				t.Fatalf("killed at write %d: the next run leaves %+v", n, c)
			}
			if b.ensure().Changed {
				t.Fatalf("killed at write %d: made again", n)
			}
		}
	}
	if points < 16 {
		t.Errorf("only %d points were tried", points)
	}
}

// uniqueName lets runs share an account.
func (b *certBench) uniqueName() string {
	return "bot" + filepath.Base(filepath.Dir(b.dir)) + filepath.Base(b.dir)
}

func (b *certBench) killedAtWrite(n int, after bool, endpoint string) bool {
	b.Helper()
	k := &killer{cmd: b.process("ensure"), ended: make(chan struct{}), nth: n, after: after}
	server := httptest.NewServer(k.handler(b.T, endpoint))
	defer server.Close()
	k.cmd.Env = append(k.cmd.Env, "AWS_ENDPOINT_URL="+server.URL)
	var out bytes.Buffer
	k.cmd.Stdout, k.cmd.Stderr = &out, &out
	if err := k.cmd.Start(); err != nil {
		b.Fatal(err)
	}
	err := k.cmd.Wait()
	close(k.ended)
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.struck && err != nil {
		b.Fatalf("%v\n%s", err, &out)
	}
	return k.struck
}

// assertTidy fails if something is left that a later run would not use.
func (b *certBench) assertTidy() {
	b.Helper()
	generations := 0
	for _, name := range b.names() {
		if strings.HasPrefix(name, ".amirotate-new-") {
			b.Errorf("%s is left", name)
		}
		if strings.HasPrefix(name, ".amirotate-pair-") {
			generations++
		}
	}
	if generations != 1 || !slices.Contains(b.names(), "bot.pem") {
		b.Errorf("%d generations in %v", generations, b.names())
	}
}

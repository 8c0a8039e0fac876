package cli_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/amirotate/amirotate/internal/farmtest"
)

// parameters is a configuration that keeps a rack's set in Parameter Store.
const parameters = `
certificate:
  kind: set
  store: {ssm: 'rack-docker-tls-{item}'}
  key_type: ecdsa-p256
  authority: CN=docker CA
  subject: CN=docker.internal
waits: {poll: 10ms}
`

// quickFarm is an account with one image, and faults.
func quickFarm(t *testing.T, faults string) *farmtest.Farm {
	t.Helper()
	return farmtest.Start(t, `
clock: {scale: 0.0001}
images: [{id: ami-0a0a0a0a, name: builder, platform: linux, user: bot, files: [{path: /etc/cert.pem, from: old}]}]
security_groups: [{id: sg-0a0a0a0a, name: builders, ingress: [{port: 22, from: bastion}]}]
`+faults, nil)
}

// TestCertDebianReadsTheParameters: what ensure writes, Debian's AWS CLI reads,
// and the other way round.
func TestCertDebianReadsTheParameters(t *testing.T) {
	f := quickFarm(t, "")
	b := newCertBench(t, parameters).onFarm(f)
	if !b.ensure().Changed {
		t.Fatal("nothing was made")
	}
	get := func(name string, more ...string) string {
		args := append([]string{"ssm", "get-parameter", "--name", "rack-docker-tls-" + name, "--query", "Parameter.Value", "--output", "text"}, more...)
		return f.AWS(args...)
	}
	b.write("cert.pem", get("cert"))
	b.write("key.pem", get("key", "--with-decryption"))
	if r := b.must(0, "inspect", "--key", "key.pem", "cert.pem"); !strings.Contains(r.Stdout, "matches") {
		t.Errorf("the pair that Debian read: %s", r.Stdout)
	}
	if text := get("key"); strings.Contains(text, "PRIVATE") {
		t.Error("the key is not encrypted")
	}
	for _, item := range []string{"cert", "key"} {
		text := base64.StdEncoding.EncodeToString([]byte(b.read(item + ".pem")))
		f.AWS("ssm", "put-parameter", "--overwrite", "--name", "rack-docker-tls-"+item, "--value", text)
	}
	if e := b.ensure(); e.Changed || len(e.Certificates) != 2 {
		t.Errorf("what Debian wrote as base64 was replaced: %v", e.Decision.Reasons)
	}
}

func TestCertEnsureHundredTimesOneWriteInSSM(t *testing.T) {
	f := quickFarm(t, "")
	b := newCertBench(t, parameters).onFarm(f)
	b.ensure()
	puts := f.CallsOf("PutParameter")
	for range 99 {
		if b.ensure().Changed {
			t.Fatal("made again")
		}
	}
	if got := f.CallsOf("PutParameter"); got != puts || puts == 0 {
		t.Errorf("%d writes at first, %d in the end", puts, got)
	}
	for _, c := range f.Calls() {
		if v, ok := c.Params["Value"]; ok && v != "***" {
			t.Fatalf("the log of calls shows a value of %v", c.Params["Name"])
		}
	}
}

// TestCertSSMCannotBeAsked: the command fails, says why and what helps, and
// makes nothing.
func TestCertSSMCannotBeAsked(t *testing.T) {
	for code, test := range map[string]struct {
		exit int
		hint string
	}{
		"AccessDeniedException": {1, "ssm:GetParameter"},
		"ThrottlingException":   {1, "run it again"},
		"InternalServerError":   {1, "run it again"},
		"reset":                 {1, "run it again"},
		"ExpiredTokenException": {2, "log in again"},
	} {
		t.Run(code, func(t *testing.T) {
			f := quickFarm(t, fmt.Sprintf("faults: [{action: GetParameter, error: %s, nth: 0}]\n", code))
			b := newCertBench(t, strings.Replace(parameters, "10ms", "1ms", 1)).onFarm(f)
			r := b.must(test.exit, "ensure")
			if !strings.Contains(r.Stderr, "nothing was made") || !strings.Contains(r.Stderr, test.hint) {
				t.Errorf("it says %q", r.Stderr)
			}
			c := b.check(1)
			if c.Due || c.Certificates[0].State != "unreadable" {
				t.Errorf("check: %+v", c.Certificates)
			}
			if n := f.CallsOf("PutParameter"); n != 0 {
				t.Errorf("%d writes", n)
			}
		})
	}
}

// TestCertEnsureManyAtOnce: one set is made, and every command tells of it.
func TestCertEnsureManyAtOnce(t *testing.T) {
	for _, config := range []string{parameters, dockerSet} {
		f := quickFarm(t, "")
		b := newCertBench(t, config).onFarm(f)
		for round := range 3 {
			b.now = certStart.Add(time.Duration(round) * 3600 * certDay)
			const writers = 3
			var results [writers]farmtest.Result
			var all sync.WaitGroup
			for i := range writers {
				all.Go(func() { results[i] = b.run("ensure", "--json") })
			}
			all.Wait()
			made, sets := 0, map[string]bool{}
			for _, r := range results {
				if r.Code != 0 {
					t.Fatal(r.Stderr)
				}
				var e ensured
				b.decode(r, &e)
				if e.Changed {
					made++
				}
				sets[fmt.Sprint(e.Certificates[0].NotAfter, e.Certificates[0].Subject, len(e.Certificates))] = true
			}
			if made != 1 || len(sets) != 1 {
				t.Errorf("round %d: %d made one, and they tell of %d sets", round, made, len(sets))
			}
			if b.ensure().Changed {
				t.Errorf("round %d: made again", round)
			}
		}
	}
}

// callSSM makes a call as any HTTP client could; the sandbox doesn't check the
// signature itself.
func callSSM(t *testing.T, f *farmtest.Farm, action string, request, response any) {
	t.Helper()
	env := f.Sandbox.Environment()
	body, err := json.Marshal(request)
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequest(http.MethodPost, env["AWS_ENDPOINT_URL"], bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("X-Amz-Target", "AmazonSSM."+action)
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+env["AWS_ACCESS_KEY_ID"]+"/20261122/"+env["AWS_REGION"]+"/ssm/aws4_request, SignedHeaders=host, Signature=00")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %s %v", action, answer.Status, text, err)
	}
	if response != nil {
		if err := json.Unmarshal(text, response); err != nil {
			t.Fatal(err)
		}
	}
}

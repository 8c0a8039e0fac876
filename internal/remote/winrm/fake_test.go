package winrm_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/amirotate/amirotate/internal/remote/scripts"
	"github.com/amirotate/amirotate/internal/remote/winrm"
	"github.com/amirotate/amirotate/internal/verify"
)

// fake is a server that answers each action as it is told.
type fake struct {
	answers map[string]func(w http.ResponseWriter) // by the last word of the action
}

// serve starts it and returns options that reach it.
func (f *fake) serve(t *testing.T) winrm.Options {
	t.Helper()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if answer := f.answers[actionIn(body)]; answer != nil {
			answer(w)
			return
		}
		soapAnswer(`<rsp:Shell><rsp:ShellId>S</rsp:ShellId></rsp:Shell>` +
			`<rsp:CommandResponse><rsp:CommandId>C</rsp:CommandId></rsp:CommandResponse>`)(w)
	}))
	server.StartTLS()
	t.Cleanup(server.Close)
	return winrm.Options{
		Address: server.Listener.Addr().String(), HTTPS: true, User: "u", Password: "p", Auth: winrm.Basic,
		OperationTimeout: 200 * time.Millisecond, AnswerTimeout: 500 * time.Millisecond, CommandTimeout: 20 * time.Second,
		TLS: winrm.Verification{Pinned: []string{winrm.Fingerprint(server.Certificate())}},
	}
}

func actionIn(body []byte) string {
	_, rest, _ := bytes.Cut(body, []byte("Action "))
	_, rest, _ = bytes.Cut(rest, []byte(">"))
	action, _, _ := bytes.Cut(rest, []byte("<"))
	return string(action[bytes.LastIndexByte(action, '/')+1:])
}

func soapAnswer(body string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		w.Header().Set("Content-Type", "application/soap+xml;charset=UTF-8")
		fmt.Fprintf(w, `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:rsp="http://schemas.microsoft.com/wbem/wsman/1/windows/shell">`+
			`<s:Header/><s:Body>%s</s:Body></s:Envelope>`, body)
	}
}

// printing is a Receive that brings all the output and the end.
func printing(stdout string) func(http.ResponseWriter) {
	return soapAnswer(`<rsp:ReceiveResponse><rsp:Stream Name="stdout">` + base64Of(stdout) + `</rsp:Stream>` +
		`<rsp:CommandState State="http://schemas.microsoft.com/wbem/wsman/1/windows/shell/CommandState/Done">` +
		`<rsp:ExitCode>0</rsp:ExitCode></rsp:CommandState></rsp:ReceiveResponse>`)
}

// Nothing but the script's own result is taken for success, and nothing makes
// the client wait for ever.
func TestAnswersThatAreNone(t *testing.T) {
	plain := func(status int, text string) func(http.ResponseWriter) {
		return func(w http.ResponseWriter) {
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(status)
			fmt.Fprint(w, text)
		}
	}
	present := `{"path":"C:\\a","status":"present","md5":"x","sha256":"` + verify.Of(nil).SHA256 + `","size":0}`
	for _, tt := range []struct {
		name   string
		action string
		answer func(http.ResponseWriter)
		want   winrm.Kind
	}{
		{"an error page of a proxy", "Create", plain(502, "<html>"), winrm.Unavailable},
		{"not found", "Create", plain(404, "<html>"), winrm.Nonsense},
		{"a page instead of SOAP", "Create", plain(200, "<html>"), winrm.Nonsense},
		{"a redirection", "Create", plain(302, ""), winrm.Nonsense},
		{"broken XML", "Create", func(w http.ResponseWriter) {
			w.Header().Set("Content-Type", "application/soap+xml")
			fmt.Fprint(w, "<s:Envelope")
		}, winrm.Nonsense},
		{"an answer that stops midway", "Create", func(w http.ResponseWriter) {
			w.Header().Set("Content-Type", "application/soap+xml")
			fmt.Fprint(w, "<s:Envelope")
			_ = http.NewResponseController(w).Flush()
			time.Sleep(800 * time.Millisecond)
		}, winrm.Unreachable},
		{"no shell", "Create", soapAnswer(``), winrm.Nonsense},
		{"no command", "Command", soapAnswer(``), winrm.Nonsense},
		{"an endless answer", "Receive", func(w http.ResponseWriter) {
			w.Header().Set("Content-Type", "application/soap+xml")
			for chunk := bytes.Repeat([]byte("x"), 1<<20); ; {
				if _, err := w.Write(chunk); err != nil {
					return
				}
			}
		}, winrm.Nonsense},
		{"silence", "Receive", func(http.ResponseWriter) { time.Sleep(800 * time.Millisecond) }, winrm.Unreachable},
		{"never an end", "Receive", soapAnswer(`<rsp:ReceiveResponse><rsp:CommandState State="Running"/></rsp:ReceiveResponse>`), winrm.Unavailable},
		{"output that is no base64", "Receive", soapAnswer(`<rsp:ReceiveResponse><rsp:Stream Name="stdout">!</rsp:Stream></rsp:ReceiveResponse>`), winrm.Nonsense},
		{"exit code 0 and no result", "Receive", printing("all is well\r\n"), winrm.Failed},
		{"no output at all", "Receive", printing(""), winrm.Failed},
		{"a result that is cut", "Receive", printing(scripts.ResultMark + `{"files":[{"path":`), winrm.Nonsense},
		{"two results", "Receive", printing(scripts.ResultMark + "{}\r\n" + scripts.ResultMark + "{}\r\n"), winrm.Nonsense},
		{"no file", "Receive", printing(scripts.ResultMark + `{"files":[]}`), winrm.Nonsense},
		{"another file", "Receive", printing(scripts.ResultMark + `{"files":[` + strings.Replace(present, `C:\\a`, `C:\\b`, 1) + `]}`), winrm.Nonsense},
		{"a problem", "Receive", printing(scripts.ResultMark + `{"files":[],"problem":"no"}`), winrm.Failed},
		{"content that is not its digest", "Receive", printing(scripts.ResultMark + `{"files":[` + strings.Replace(present, `"size"`, `"content":"YQ==","size"`, 1) + `]}`), winrm.Damaged},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := &fake{answers: map[string]func(http.ResponseWriter){tt.action: tt.answer}}
			o := f.serve(t)
			if tt.name == "never an end" {
				o.CommandTimeout = 500 * time.Millisecond
			}
			started := time.Now()
			host, err := winrm.Dial(t.Context(), o)
			if err == nil {
				defer host.Close()
				_, err = host.Read(t.Context(), []string{`C:\a`})
			}
			if kindOf(err) != tt.want {
				t.Errorf("error %v of kind %q, want %q", err, kindOf(err), tt.want)
			}
			if took := time.Since(started); took > 15*time.Second {
				t.Errorf("took %s", took)
			}
		})
	}
}

// What the script says is believed only as far as it fits what it saw.
func TestReplaceDoubtsTheScript(t *testing.T) {
	old, new := []byte("old"), []byte("new")
	file := func(b []byte) string {
		d := verify.Of(b)
		return fmt.Sprintf(`{"path":"C:\\a","status":"present","md5":%q,"sha256":%q,"size":3}`, d.MD5, d.SHA256)
	}
	for _, tt := range []struct {
		name, result string
		want         winrm.Kind
	}{
		{"replaced what must not be", `{"outcome":"replaced","files":[` + file([]byte("other")) + `]}`, winrm.Nonsense},
		{"refused what may be", `{"outcome":"refused","files":[` + file(old) + `]}`, winrm.Nonsense},
		{"no outcome", `{"files":[` + file(old) + `]}`, winrm.Nonsense},
		{"failed", `{"outcome":"failed","files":[],"problem":"disk full"}`, winrm.Failed},
		{"replaced, with something left", `{"outcome":"replaced","files":[` + file(old) + `],"problem":"still there"}`, winrm.Unavailable},
		{"replaced", `{"outcome":"replaced","files":[` + file(old) + `]}`, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := &fake{answers: map[string]func(http.ResponseWriter){"Receive": printing(scripts.ResultMark + tt.result + "\r\n")}}
			host, err := winrm.Dial(t.Context(), f.serve(t))
			if err != nil {
				t.Fatal(err)
			}
			defer host.Close()
			_, err = host.Replace(t.Context(), []verify.Change{change(`C:\a`, old, new)})
			if kindOf(err) != tt.want || (tt.want == "") != (err == nil) {
				t.Errorf("error %v of kind %q, want %q", err, kindOf(err), tt.want)
			}
		})
	}
}

// A host under FIPS has no MD5, and its null is no digest.
func TestNullMD5(t *testing.T) {
	t.Parallel()
	result := fmt.Sprintf(`{"files":[{"path":"C:\\a","status":"present","md5":null,"sha256":%q,"size":1,"content":"YQ=="}]}`, verify.Of([]byte("a")).SHA256)
	f := &fake{answers: map[string]func(http.ResponseWriter){"Receive": printing(scripts.ResultMark + result + "\r\n")}}
	host, err := winrm.Dial(t.Context(), f.serve(t))
	if err != nil {
		t.Fatal(err)
	}
	defer host.Close()
	files, err := host.Read(t.Context(), []string{`C:\a`})
	if err != nil {
		t.Fatal(err)
	}
	c := verify.Change{Old: []verify.Digests{verify.Of([]byte("a"))}, New: []byte("b")}
	if files[0].MD5 != "" || c.Judge(files[0]) != verify.MatchOld {
		t.Errorf("%+v", files[0])
	}
}

func TestCommandLineLimit(t *testing.T) {
	for size := 0; size < 20000; size += 97 {
		line, input := winrm.CommandFor(scripts.Compact(scripts.WindowsReplace), strings.Repeat("0123456789abcdef!$", size/18))
		if len(line) > 8191-len(`C:\Windows\system32\cmd.exe /C ""`) {
			t.Fatalf("%d characters with a request of %d", len(line), size)
		}
		if strings.Count(line, `"`) != 2 || strings.ContainsAny(line, "%\n\r") {
			t.Fatalf("cmd.exe would not leave %s as it is", line)
		}
		if (input == nil) == strings.Contains(line, scripts.SourceStdin) {
			t.Fatal("input and source do not fit")
		}
	}
}

func base64Of(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

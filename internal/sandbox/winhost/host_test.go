package winhost

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/amirotate/amirotate/internal/remote/scripts"
	"github.com/amirotate/amirotate/internal/sandbox/clock"
	"github.com/amirotate/amirotate/internal/sandbox/machine"
	"github.com/amirotate/amirotate/internal/sandbox/network"
)

func TestScriptsByEveryRoad(t *testing.T) {
	r := bootRaw(t)
	if err := os.MkdirAll(filepath.Join(r.root, "C"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(r.root, "C", "a.pem"), []byte("a"), 0o644); err != nil {
		t.Fatal(err)
	}
	request := `{"paths":["C:\\a.pem"]}`
	compact, whole := scripts.Pack(scripts.Compact(scripts.WindowsRead), request), scripts.Pack(scripts.WindowsRead, request)
	encoded := base64.StdEncoding.EncodeToString(utf16LE(scripts.Bootstrap(scripts.SourceStdin)))
	for _, tt := range []struct {
		name, line  string
		environment string
		stdin       string
	}{
		{name: "in the line", line: `powershell.exe -NoProfile -Command "` + scripts.Bootstrap(scripts.SourceLiteral(compact)) + `"`},
		{name: "with its comments", line: `C:\Windows\System32\WindowsPowerShell\v1.0\PowerShell -c "` + scripts.Bootstrap(scripts.SourceLiteral(whole)) + `"`},
		{name: "on standard input", line: `powershell -NonInteractive -Command "` + scripts.Bootstrap(scripts.SourceStdin) + `"`, stdin: whole},
		{name: "encoded, on standard input", line: `powershell -EncodedCommand ` + encoded, stdin: compact + "\r\n"},
		{
			name: "in the environment", line: `powershell -Command "` + scripts.Bootstrap(scripts.SourceEnvironment) + `"`,
			environment: `<rsp:Environment><rsp:Variable Name="AMIROTATE_SCRIPT">` + whole + `</rsp:Variable></rsp:Environment>`,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := *r
			r.t = t
			shell := r.create(tt.environment)
			stdout, stderr, code := r.run(shell, tt.line, []byte(tt.stdin))
			if !strings.HasPrefix(stdout, scripts.ResultMark) || !strings.Contains(stdout, `"status":"present"`) || stderr != "" || code != "0" {
				t.Errorf("stdout %q, stderr %q, code %s", stdout, stderr, code)
			}
			if status, answer := r.ask(nsTransfer+"/Delete", shell, "PT5S", ""); status != http.StatusOK || !strings.Contains(answer, "/DeleteResponse") {
				t.Errorf("%d %s", status, answer)
			}
		})
	}
}

func TestAnythingElseFails(t *testing.T) {
	r := bootRaw(t)
	shell := r.create("")
	tampered := strings.Replace(scripts.WindowsRead, "Write-Result -Result $result", "Remove-Item C:\\ -Recurse", 1)
	if tampered == scripts.WindowsRead {
		t.Fatal("the script was not changed")
	}
	for _, line := range []string{
		"dir", "ipconfig /all", "powershell", "powershell -Command Get-Date", "powershell -EncodedCommand !!!", "powershell -File x.ps1",
		`powershell -Command "` + scripts.Bootstrap(scripts.SourceLiteral("AAAA")) + `"`,
		`powershell -Command "` + scripts.Bootstrap(scripts.SourceLiteral(scripts.Pack(tampered, "{}"))) + `"`,
		`powershell -Command "` + strings.Repeat("x", 8192) + `"`,
	} {
		stdout, stderr, code := r.run(shell, line, nil)
		if stdout != "" || stderr == "" || code != "1" {
			t.Errorf("%.60s: stdout %q, stderr %q, code %s", line, stdout, stderr, code)
		}
	}
}

func TestFaults(t *testing.T) {
	r := bootRaw(t)
	shell := r.create("")
	_, answer := r.ask(nsShell+"/Command", shell, "PT5S", `<rsp:CommandLine><rsp:Command>powershell -Command "`+
		escape(scripts.Bootstrap(scripts.SourceStdin))+`"</rsp:Command></rsp:CommandLine>`)
	waiting := between(answer, "<rsp:CommandId>", "<") // for input that never comes
	receive := `<rsp:Receive><rsp:DesiredStream CommandId="%s">stdout</rsp:DesiredStream></rsp:Receive>`
	for _, tt := range []struct {
		name, action, shell, timeout, body string
		subcode, code                      string
	}{
		{"no such shell", nsShell + "/Receive", "X", "PT1S", "", "w:InvalidSelectors", "2150858843"},
		{"no such shell to delete", nsTransfer + "/Delete", "X", "PT1S", "", "w:InvalidSelectors", "2150858843"},
		{"no such command", nsShell + "/Receive", shell, "PT1S", fmt.Sprintf(receive, "X"), "w:InvalidParameter", "87"},
		{"no output yet", nsShell + "/Receive", shell, "PT0.05S", fmt.Sprintf(receive, waiting), "w:TimedOut", "2150858793"},
		{"no such action", nsShell + "/Dance", shell, "PT1S", "", "wsa:ActionNotSupported", "2150858753"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			status, answer := r.ask(tt.action, tt.shell, tt.timeout, tt.body)
			if status != 500 || !strings.Contains(answer, "<s:Value>"+tt.subcode+"</s:Value>") || !strings.Contains(answer, `Code="`+tt.code+`"`) {
				t.Errorf("%d %s", status, answer)
			}
			if !strings.Contains(answer, "<a:Action>"+actionFault+"</a:Action>") || !strings.Contains(answer, "<a:RelatesTo>uuid:1</a:RelatesTo>") {
				t.Error(answer)
			}
		})
	}
	t.Run("killed", func(t *testing.T) {
		done := make(chan string)
		go func() {
			_, answer := r.ask(nsShell+"/Receive", shell, "PT20S", fmt.Sprintf(receive, waiting))
			done <- answer
		}()
		time.Sleep(20 * time.Millisecond)
		r.ask(nsShell+"/Signal", shell, "PT5S", `<rsp:Signal CommandId="`+waiting+`"><rsp:Code>`+nsShell+`/signal/terminate</rsp:Code></rsp:Signal>`)
		if answer := <-done; !strings.Contains(answer, `Code="995"`) {
			t.Error(answer)
		}
	})
	t.Run("quota", func(t *testing.T) {
		for range maxShells - 1 {
			r.create("")
		}
		status, answer := r.ask(nsTransfer+"/Create", "", "PT5S", "<rsp:Shell/>")
		if status != 500 || !strings.Contains(answer, "w:QuotaLimit") || !strings.Contains(answer, `Code="2150859173"`) {
			t.Errorf("%d %s", status, answer)
		}
	})
}

func TestIdleShellEnds(t *testing.T) {
	r := bootRaw(t)
	shell := r.create("<rsp:IdleTimeOut>PT0.05S</rsp:IdleTimeOut>")
	time.Sleep(500 * time.Millisecond)
	if _, answer := r.ask(nsTransfer+"/Delete", shell, "PT5S", ""); !strings.Contains(answer, "w:InvalidSelectors") {
		t.Errorf("the shell is still there: %s", answer)
	}
}

func TestHTTP(t *testing.T) {
	r := bootRaw(t)
	identify := `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:wsmid="` + nsIdentity + `"><s:Header/><s:Body><wsmid:Identify/></s:Body></s:Envelope>`
	for _, tt := range []struct {
		name, path, body string
		status           int
		says             string
	}{
		{"identify", "/wsman", identify, 200, "Microsoft Corporation"},
		{"identify, by nobody", "/wsman-anon/identify", identify, 200, "Microsoft Corporation"},
		{"more than that, by nobody", "/wsman-anon/identify", strings.ReplaceAll(identify, "Identify", "Other"), 403, ""},
		{"elsewhere", "/", identify, 404, ""},
		{"no XML", "/wsman", "<", 500, "w:SchemaValidationError"},
		{"too large", "/wsman", strings.Repeat(" ", maxRequest+1), 413, ""},
		{"nothing", "/wsman", "", 200, ""},
	} {
		if status, answer := r.post(tt.path, tt.body); status != tt.status || !strings.Contains(answer, tt.says) {
			t.Errorf("%s: %d %s", tt.name, status, answer)
		}
	}
	// Without credentials, and with ones that are none.
	for _, authorization := range []string{"", "Basic !", "Basic " + base64.StdEncoding.EncodeToString([]byte("Administrator:no")), "Negotiate AAAA", "Negotiate !", "Bearer x"} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://"+address.String()+":5986/wsman", strings.NewReader(identify))
		if err != nil {
			t.Fatal(err)
		}
		if authorization != "" {
			req.Header.Set("Authorization", authorization)
		}
		resp, err := r.client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if offers := resp.Header.Values("WWW-Authenticate"); resp.StatusCode != 401 || len(offers) != 2 || resp.ContentLength != 0 {
			t.Errorf("%q: %d, %q", authorization, resp.StatusCode, offers)
		}
	}
}

func TestConsoleAndRestart(t *testing.T) {
	ca, err := NewCA()
	if err != nil {
		t.Fatal(err)
	}
	driver := New(Options{Network: network.New(), Clock: clock.New(0.001), Password: "pass", CA: ca})
	spec := specFor(t.TempDir())
	spec.Boot = 50 * time.Second
	computer, err := driver.Boot(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	if computer.Password() != "" || len(computer.Console()) != 0 {
		t.Errorf("while booting: password %q, console %q", computer.Password(), computer.Console())
	}
	awaitConsole(t, computer, 1)
	first := computer.Console()
	if !bytes.Contains(first, []byte("RDPCERTIFICATE-THUMBPRINT: ")) || computer.Password() != "pass" {
		t.Errorf("booted: %q", first)
	}
	for range 2 {
		if err := computer.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if computer.Password() != "" {
		t.Error("a computer that is off tells its password")
	}
	spec.FirstBoot = false
	again, err := driver.Boot(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Shutdown(context.Background())
	awaitConsole(t, again, 2)
	if n := bytes.Count(again.Console(), []byte("RDPCERTIFICATE-THUMBPRINT: ")); n != 1 {
		t.Errorf("the thumbprint is shown %d times", n)
	}
	if again.(*Computer).disk.identity.thumbprint() != between(string(first), "THUMBPRINT: ", "\r") {
		t.Error("another certificate after a restart")
	}
}

// awaitConsole waits for the nth end of booting.
func awaitConsole(t *testing.T, computer machine.Computer, n int) {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); bytes.Count(computer.Console(), []byte("Windows is Ready to use")) < n; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("console: %s", computer.Console())
		}
	}
}

func TestShutdownWhileBooting(t *testing.T) {
	ca, err := NewCA()
	if err != nil {
		t.Fatal(err)
	}
	driver := New(Options{Network: network.New(), Clock: clock.New(1), Password: "pass", CA: ca})
	spec := specFor(t.TempDir())
	spec.Boot = time.Hour
	computer, err := driver.Boot(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	if err := computer.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := driver.Boot(t.Context(), spec); err != nil { // the address is free again
		t.Error(err)
	}
	if spec.Root = filepath.Join(spec.Root, "none"); true {
		if _, err := driver.Boot(t.Context(), spec); err == nil {
			t.Error("a computer without a disk has booted")
		}
	}
}

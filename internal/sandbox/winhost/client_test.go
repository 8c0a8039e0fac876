package winhost

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/amirotate/amirotate/internal/sandbox/clock"
	"github.com/amirotate/amirotate/internal/sandbox/machine"
	"github.com/amirotate/amirotate/internal/sandbox/network"
)

// raw is a client of our own making, which knows nothing of package winrm.
type raw struct {
	t        *testing.T
	client   *http.Client
	computer machine.Computer
	network  *network.Network
	ca       *CA
	root     string
}

var (
	address = netip.MustParseAddr("127.66.0.7")
	bastion = netip.MustParseAddr("127.66.0.1")
)

func specFor(root string) machine.Spec {
	rule := machine.Rule{FromPort: 0, ToPort: 65535, Prefixes: []netip.Prefix{netip.PrefixFrom(bastion, 32)}}
	return machine.Spec{
		InstanceID: "i-1", ImageID: "ami-1", User: "Administrator", Address: address, Root: root, FirstBoot: true,
		Groups: func() []machine.Group { return []machine.Group{{Ingress: []machine.Rule{rule}}} },
	}
}

func bootRaw(t *testing.T) *raw {
	t.Helper()
	ca, err := NewCA()
	if err != nil {
		t.Fatal(err)
	}
	net66 := network.New()
	driver := New(Options{Network: net66, Clock: clock.New(0.001), Password: "pass", CA: ca})
	root := t.TempDir()
	computer, err := driver.Boot(t.Context(), specFor(root))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := computer.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
	})
	for computer.Password() == "" {
		time.Sleep(time.Millisecond)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(ca.PEM())
	client := &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, to string) (net.Conn, error) {
			return net66.Dial(ctx, bastion, nil, netip.MustParseAddrPort(to))
		},
		TLSClientConfig: &tls.Config{RootCAs: pool},
	}}
	t.Cleanup(client.CloseIdleConnections)
	return &raw{t: t, client: client, computer: computer, network: net66, ca: ca, root: root}
}

// post sends a body to a path with Basic and returns status and answer.
func (r *raw) post(path, body string) (int, string) {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), http.MethodPost, "https://"+address.String()+":5986"+path, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/soap+xml;charset=UTF-8")
	req.SetBasicAuth("Administrator", "pass")
	resp, err := r.client.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return resp.StatusCode, string(answer)
}

// ask sends a message of WS-Management.
func (r *raw) ask(action, shell, timeout, body string) (int, string) {
	r.t.Helper()
	selectors := ""
	if shell != "" {
		selectors = `<w:SelectorSet><w:Selector Name="ShellId">` + shell + `</w:Selector></w:SelectorSet>`
	}
	return r.post("/wsman", `<?xml version="1.0" encoding="utf-8"?>`+
		`<env:Envelope xmlns:env="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"`+
		` xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd" xmlns:rsp="`+nsShell+`"><env:Header>`+
		`<a:Action env:mustUnderstand="true">`+action+`</a:Action><a:MessageID>uuid:1</a:MessageID>`+
		`<w:ResourceURI>`+shellCmd+`</w:ResourceURI><w:OperationTimeout>`+timeout+`</w:OperationTimeout>`+selectors+
		`</env:Header><env:Body>`+body+`</env:Body></env:Envelope>`)
}

func between(s, before, after string) string {
	_, s, _ = strings.Cut(s, before)
	s, _, _ = strings.Cut(s, after)
	return s
}

func (r *raw) create(body string) string {
	r.t.Helper()
	status, answer := r.ask(nsTransfer+"/Create", "", "PT5S", "<rsp:Shell>"+body+"</rsp:Shell>")
	id := between(answer, "<rsp:ShellId>", "<")
	if status != http.StatusOK || id == "" {
		r.t.Fatalf("%d %s", status, answer)
	}
	return id
}

// run runs a command line to its end and returns its streams and exit code.
func (r *raw) run(shell, line string, stdin []byte) (stdout, stderr, code string) {
	r.t.Helper()
	_, answer := r.ask(nsShell+"/Command", shell, "PT5S", "<rsp:CommandLine><rsp:Command>"+escape(line)+"</rsp:Command></rsp:CommandLine>")
	command := between(answer, "<rsp:CommandId>", "<")
	if command == "" {
		r.t.Fatal(answer)
	}
	for len(stdin) > 0 { // in small pieces
		n := min(len(stdin), 1000)
		end := fmt.Sprint(n == len(stdin))
		r.ask(nsShell+"/Send", shell, "PT5S", `<rsp:Send><rsp:Stream Name="stdin" CommandId="`+command+`" End="`+end+`">`+
			base64.StdEncoding.EncodeToString(stdin[:n])+`</rsp:Stream></rsp:Send>`)
		stdin = stdin[n:]
	}
	for code == "" {
		status, answer := r.ask(nsShell+"/Receive", shell, "PT5S", `<rsp:Receive><rsp:DesiredStream CommandId="`+command+`">stdout stderr</rsp:DesiredStream></rsp:Receive>`)
		if status != http.StatusOK {
			r.t.Fatal(answer)
		}
		for _, part := range strings.Split(answer, "<rsp:Stream ")[1:] {
			data, err := base64.StdEncoding.DecodeString(between(part, ">", "<"))
			if err != nil {
				r.t.Fatal(err)
			}
			if strings.HasPrefix(part, `Name="stdout"`) {
				stdout += string(data)
			} else {
				stderr += string(data)
			}
		}
		code = between(answer, "<rsp:ExitCode>", "<")
	}
	status, answer := r.ask(nsShell+"/Signal", shell, "PT5S", `<rsp:Signal CommandId="`+command+`"><rsp:Code>`+nsShell+`/signal/terminate</rsp:Code></rsp:Signal>`)
	if status != http.StatusOK {
		r.t.Error(answer)
	}
	return stdout, stderr, code
}

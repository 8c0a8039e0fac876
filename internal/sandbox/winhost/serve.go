package winhost

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// maxRequest is the largest message taken, in bytes (MaxEnvelopeSizekb 500).
const maxRequest = 500 << 10

// defaultOperation is the time-out of a message that names none, real time.
const defaultOperation = time.Minute

// serve answers one HTTP request.
func (c *Computer) serve(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Server", "Microsoft-HTTPAPI/2.0")
	l := loginOf(r)
	if r.URL.Path != "/wsman" && r.URL.Path != "/wsman-anon/identify" {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	if r.Method != http.MethodPost {
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	if err != nil {
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		return
	}
	anonymous := r.URL.Path == "/wsman-anon/identify"
	if !anonymous && !c.admit(w, r, l) {
		return
	}
	if body, err = l.opened(r, body); err != nil && !anonymous {
		w.WriteHeader(http.StatusInternalServerError) // as Windows does where AllowUnencrypted is not set
		return
	}
	if len(body) == 0 {
		w.WriteHeader(http.StatusOK) // the last step of a login may come without a message
		return
	}
	var q request
	if err := xml.Unmarshal(body, &q); err != nil {
		c.replyFault(w, l, &q, faultSchema(err))
		return
	}
	if q.Body.Identify != nil {
		l.reply(w, http.StatusOK, identifyResponse())
		return
	}
	if anonymous {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	c.answer(w, r, l, &q)
}

// opened returns a request's message in plain text. Over HTTP nothing but an
// empty one may come without encryption.
func (l *login) opened(r *http.Request, body []byte) ([]byte, error) {
	switch {
	case l.conn.id != nil || len(body) == 0:
		return body, nil
	case l.sealing == nil:
		return body, errUnsealed
	}
	return l.sealing.open(r.Header.Get("Content-Type"), body)
}

func identifyResponse() []byte {
	return []byte(`<s:Envelope xml:lang="" xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Header/><s:Body>` +
		`<wsmid:IdentifyResponse xmlns:wsmid="` + nsIdentity + `">` +
		`<wsmid:ProtocolVersion>http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd</wsmid:ProtocolVersion>` +
		`<wsmid:ProductVendor>Microsoft Corporation</wsmid:ProductVendor>` +
		`<wsmid:ProductVersion>OS: 0.0.0 SP: 0.0 Stack: 3.0</wsmid:ProductVersion>` +
		`</wsmid:IdentifyResponse></s:Body></s:Envelope>`)
}

// errCut is an answer that never arrives whole.
var errCut = errors.New("connection cut")

// answer carries out one message of WS-Management.
func (c *Computer) answer(w http.ResponseWriter, r *http.Request, l *login, q *request) {
	action, body, err := c.dispatch(r, q)
	var f *fault
	switch {
	case errors.Is(err, errCut):
		begun := "\x17\x03\x03\x04\x00" // a TLS record
		if l.conn.id == nil {
			begun = "HTTP/1.1 200"
		}
		fmt.Fprint(l.conn.raw, begun) // and no more
		cut(l.conn.raw)
	case errors.As(err, &f):
		c.replyFault(w, l, q, f)
	case err != nil:
		panic(http.ErrAbortHandler) // the power went, or the client
	default:
		l.reply(w, http.StatusOK, envelope(action, q.Header.MessageID, body))
	}
}

func (c *Computer) replyFault(w http.ResponseWriter, l *login, q *request, f *fault) {
	l.reply(w, http.StatusInternalServerError,
		envelope(actionFault, q.Header.MessageID, f.detail(c.disk.identity.hostName)))
}

// dispatch returns the action and the body of the answer.
func (c *Computer) dispatch(r *http.Request, q *request) (action, body string, err error) {
	if q.Header.Resource != shellCmd {
		return "", "", faultResource(q.Header.Resource)
	}
	if q.Header.Action == nsTransfer+"/Create" {
		body, err := c.shells.create(q)
		return nsTransfer + "/CreateResponse", body, err
	}
	shell, err := c.shells.find(valueOf(q.Header.Selectors, "ShellId"))
	if err != nil {
		return "", "", err
	}
	shell.touch(1)
	defer shell.touch(-1)
	switch b := &q.Body; {
	case q.Header.Action == nsTransfer+"/Delete":
		c.shells.remove(shell.id)
		return nsTransfer + "/DeleteResponse", "", nil
	case q.Header.Action == nsShell+"/Command" && b.Command != nil:
		body = shell.start(q)
	case q.Header.Action == nsShell+"/Send" && b.Send != nil:
		body, err = shell.send(b.Send.Streams)
	case q.Header.Action == nsShell+"/Receive" && b.Receive != nil:
		body, err = shell.receive(r.Context(), b.Receive.Desired.CommandID,
			parseDuration(q.Header.Timeout, defaultOperation), q.Header.Envelope)
	case q.Header.Action == nsShell+"/Signal" && b.Signal != nil:
		body, err = shell.signal(b.Signal.CommandID, b.Signal.Code)
	default:
		return "", "", faultAction(q.Header.Action)
	}
	return q.Header.Action + "Response", body, err
}

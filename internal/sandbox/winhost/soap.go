package winhost

import (
	"bytes"
	"crypto/rand"
	"encoding/xml"
	"fmt"
	"strings"
	"time"
)

// Namespaces and actions (DSP0226, MS-WSMV).
const (
	nsTransfer  = "http://schemas.xmlsoap.org/ws/2004/09/transfer"
	nsShell     = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
	nsIdentity  = "http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd"
	actionFault = "http://schemas.dmtf.org/wbem/wsman/1/wsman/fault"
	shellCmd    = nsShell + "/cmd"
)

// request is what we read of a message.
type request struct {
	XMLName xml.Name `xml:"http://www.w3.org/2003/05/soap-envelope Envelope"`
	Header  struct {
		Action    string  `xml:"Action"`
		MessageID string  `xml:"MessageID"`
		Resource  string  `xml:"ResourceURI"`
		Timeout   string  `xml:"OperationTimeout"`
		Envelope  int     `xml:"MaxEnvelopeSize"`
		Selectors []named `xml:"SelectorSet>Selector"`
		Options   []named `xml:"OptionSet>Option"`
	} `xml:"http://www.w3.org/2003/05/soap-envelope Header"`
	Body struct {
		Identify *struct{}     `xml:"http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd Identify"`
		Shell    *shellRequest `xml:"Shell"`
		Command  *struct {
			Command   string   `xml:"Command"`
			Arguments []string `xml:"Arguments"`
		} `xml:"CommandLine"`
		Send *struct {
			Streams []stream `xml:"Stream"`
		} `xml:"Send"`
		Receive *struct {
			Desired struct {
				CommandID string `xml:"CommandId,attr"`
			} `xml:"DesiredStream"`
		} `xml:"Receive"`
		Signal *struct {
			CommandID string `xml:"CommandId,attr"`
			Code      string `xml:"Code"`
		} `xml:"Signal"`
	} `xml:"http://www.w3.org/2003/05/soap-envelope Body"`
}

type shellRequest struct {
	Idle      string  `xml:"IdleTimeOut"`
	Variables []named `xml:"Environment>Variable"`
}

type named struct {
	Name  string `xml:"Name,attr"`
	Value string `xml:",chardata"`
}

type stream struct {
	Name      string `xml:"Name,attr"`
	CommandID string `xml:"CommandId,attr"`
	End       bool   `xml:"End,attr"`
	Data      string `xml:",chardata"`
}

func valueOf(list []named, name string) string {
	for _, n := range list {
		if strings.EqualFold(n.Name, name) {
			return strings.TrimSpace(n.Value)
		}
	}
	return ""
}

// fault is an answer that says no.
type fault struct {
	code, subcode string // s:Sender or s:Receiver, w:…
	wsman         uint64 // WSManFault code (wsmerror.h)
	reason        string
}

func (f *fault) Error() string { return f.reason }

// The faults that clients know by their codes.
func faultNoShell(id string) *fault {
	return &fault{"s:Sender", "w:InvalidSelectors", 2150858843, "The request for the Windows Remote Shell with ShellId " + id +
		" failed because the shell was not found on the server. Possible causes are: the specified ShellId is incorrect or the shell" +
		" no longer exists on the server. Provide the correct ShellId or create a new shell and retry the operation. "}
}

func faultNoCommand() *fault {
	return &fault{"s:Sender", "w:InvalidParameter", 87, "The parameter is incorrect. "}
}

func faultTimedOut() *fault {
	return &fault{"s:Receiver", "w:TimedOut", 2150858793,
		"The WS-Management service cannot complete the operation within the time specified in OperationTimeout.  "}
}

func faultShellQuota(most int) *fault {
	return &fault{"s:Receiver", "w:QuotaLimit", 2150859173, fmt.Sprintf("The WS-Management service cannot process the request."+
		" This user is allowed a maximum number of %d concurrent shells, which has been exceeded."+
		" Close existing shells or raise the quota for this user. ", most)}
}

func faultAction(action string) *fault {
	return &fault{"s:Sender", "wsa:ActionNotSupported", 2150858753, "The WS-Management service cannot process the request." +
		" The WS-Addressing action URI is invalid: " + action + " "}
}

func faultResource(uri string) *fault {
	return &fault{"s:Sender", "wsa:DestinationUnreachable", 2150858752, "The WS-Management service cannot process the request." +
		" The service cannot find the resource identified by the resource URI and selectors: " + uri + " "}
}

func faultSchema(cause error) *fault {
	return &fault{"s:Sender", "w:SchemaValidationError", 2150858817, "The SOAP packet is not valid: " + cause.Error() + " "}
}

func faultAborted() *fault {
	return &fault{"s:Receiver", "w:InternalError", 995,
		"The I/O operation has been aborted because of either a thread exit or an application request. "}
}

// detail is the fault's body as Windows writes it.
func (f *fault) detail(machine string) string {
	return fmt.Sprintf(`<s:Fault><s:Code><s:Value>%s</s:Value><s:Subcode><s:Value>%s</s:Value></s:Subcode></s:Code>`+
		`<s:Reason><s:Text xml:lang="en-US">%s</s:Text></s:Reason><s:Detail>`+
		`<f:WSManFault xmlns:f="http://schemas.microsoft.com/wbem/wsman/1/wsmanfault" Code="%d" Machine="%s">`+
		`<f:Message>%s</f:Message></f:WSManFault></s:Detail></s:Fault>`,
		f.code, f.subcode, escape(f.reason), f.wsman, escape(machine), escape(f.reason))
}

// envelope wraps a body as the answer to a message.
func envelope(action, relatesTo, body string) []byte {
	var related string
	if relatesTo != "" {
		related = "<a:RelatesTo>" + escape(relatesTo) + "</a:RelatesTo>"
	}
	return []byte(`<s:Envelope xml:lang="en-US" xmlns:s="http://www.w3.org/2003/05/soap-envelope"` +
		` xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:wsa="http://schemas.xmlsoap.org/ws/2004/08/addressing"` +
		` xmlns:x="` + nsTransfer + `" xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"` +
		` xmlns:rsp="` + nsShell + `" xmlns:p="http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd"><s:Header>` +
		`<a:Action>` + action + `</a:Action><a:MessageID>uuid:` + newGUID() + `</a:MessageID>` +
		`<a:To>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:To>` + related +
		`</s:Header><s:Body>` + body + `</s:Body></s:Envelope>`)
}

func escape(s string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(s)) // a buffer takes everything
	return b.String()
}

// newGUID returns a random UUID (RFC 4122, version 4) as Windows writes it.
func newGUID() string {
	var b [16]byte
	rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%X-%X-%X-%X-%X", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// parseDuration reads an XML Schema duration of hours, minutes and seconds, such
// as PT1M20.5S; other text gives the fallback.
func parseDuration(s string, fallback time.Duration) time.Duration {
	rest, ok := strings.CutPrefix(strings.TrimSpace(s), "PT")
	if !ok || rest == "" {
		return fallback
	}
	d, err := time.ParseDuration(strings.ToLower(rest))
	if err != nil || d <= 0 {
		return fallback
	}
	return d
}

package winrm

import (
	"encoding/base64"
	"encoding/xml"
	"strconv"
	"strings"
)

// answer is what we read of any SOAP answer.
type answer struct {
	XMLName xml.Name `xml:"http://www.w3.org/2003/05/soap-envelope Envelope"`
	Body    struct {
		Fault   *soapFault `xml:"http://www.w3.org/2003/05/soap-envelope Fault"`
		ShellID string     `xml:"http://schemas.microsoft.com/wbem/wsman/1/windows/shell Shell>ShellId"`
		// Windows Server 2008 R2 answers Create with a reference alone.
		Selectors []selector `xml:"ResourceCreated>ReferenceParameters>SelectorSet>Selector"`
		CommandID string     `xml:"http://schemas.microsoft.com/wbem/wsman/1/windows/shell CommandResponse>CommandId"`
		Receive   *received  `xml:"http://schemas.microsoft.com/wbem/wsman/1/windows/shell ReceiveResponse"`
	} `xml:"http://www.w3.org/2003/05/soap-envelope Body"`
}

type selector struct {
	Name  string `xml:"Name,attr"`
	Value string `xml:",chardata"`
}

type received struct {
	Streams []struct {
		Name string `xml:"Name,attr"`
		Data string `xml:",chardata"`
	} `xml:"Stream"`
	State struct {
		State    string `xml:"State,attr"`
		ExitCode string `xml:"ExitCode"`
	} `xml:"CommandState"`
}

type soapFault struct {
	Code    string `xml:"Code>Value"`
	Subcode string `xml:"Code>Subcode>Value"`
	Reason  string `xml:"Reason>Text"`
	Detail  struct {
		WSManFault struct {
			Code    string `xml:"Code,attr"`
			Message struct {
				Text string `xml:",chardata"`
			} `xml:"Message"`
		} `xml:"WSManFault"`
	} `xml:"Detail"`
}

// parseAnswer reads an answer that is not a fault.
func parseAnswer(body []byte) (*answer, error) {
	var a answer
	if err := xml.Unmarshal(body, &a); err != nil {
		return nil, kindf(Nonsense, "the answer cannot be read: %w", err)
	}
	return &a, nil
}

// faultIn returns the fault that a message holds, or nil.
func faultIn(body []byte) *Fault {
	var a answer
	if xml.Unmarshal(body, &a) != nil || a.Body.Fault == nil {
		return nil
	}
	f := a.Body.Fault
	fault := &Fault{Subcode: f.Subcode, Reason: strings.Join(strings.Fields(f.Reason), " ")}
	if fault.Subcode == "" {
		fault.Subcode = f.Code
	}
	fault.Code, _ = strconv.ParseUint(f.Detail.WSManFault.Code, 10, 64)
	if text := strings.Join(strings.Fields(f.Detail.WSManFault.Message.Text), " "); fault.Reason == "" {
		fault.Reason = text
	}
	return fault
}

// shellID returns the shell that a Create made.
func (a *answer) shellID() (string, error) {
	if a.Body.ShellID != "" {
		return a.Body.ShellID, nil
	}
	for _, s := range a.Body.Selectors {
		if s.Name == "ShellId" && s.Value != "" {
			return s.Value, nil
		}
	}
	return "", kindf(Nonsense, "the answer names no shell")
}

// add appends what a Receive brought and tells whether the command has ended.
func (o *Output) add(r *received) (done bool, err error) {
	for _, s := range r.Streams {
		data, err := base64.StdEncoding.DecodeString(strings.TrimSpace(s.Data))
		if err != nil {
			return false, kindf(Nonsense, "output that is no base64: %w", err)
		}
		switch s.Name {
		case "stdout":
			o.Stdout = append(o.Stdout, data...)
		case "stderr":
			o.Stderr = append(o.Stderr, data...)
		}
	}
	if r.State.State != stateDone {
		return false, nil
	}
	code, err := strconv.ParseInt(r.State.ExitCode, 10, 64)
	if err != nil {
		return false, kindf(Nonsense, "exit code %q", r.State.ExitCode)
	}
	o.ExitCode = int(code)
	return true, nil
}

package winrm

import (
	"strings"
	"testing"
)

// Whatever a server answers, it is read or refused.
func FuzzAnswer(f *testing.F) {
	f.Add([]byte(`<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body><s:Fault><s:Code><s:Subcode><s:Value>w:TimedOut</s:Value></s:Subcode></s:Code>` +
		`<s:Detail><f:WSManFault Code="2150858793"><f:Message>x</f:Message></f:WSManFault></s:Detail></s:Fault></s:Body></s:Envelope>`))
	f.Add([]byte(`<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:rsp="http://schemas.microsoft.com/wbem/wsman/1/windows/shell"><s:Body>` +
		`<rsp:ReceiveResponse><rsp:Stream Name="stdout">YQ==</rsp:Stream><rsp:CommandState State="x/Done"><rsp:ExitCode>4294967295</rsp:ExitCode></rsp:CommandState></rsp:ReceiveResponse></s:Body></s:Envelope>`))
	f.Fuzz(func(t *testing.T, body []byte) {
		if fault := faultIn(body); fault != nil && fault.Error() == "" {
			t.Error("a fault without words")
		}
		a, err := parseAnswer(body)
		if err != nil {
			return
		}
		_, _ = a.shellID()
		if a.Body.Receive == nil {
			return
		}
		var o Output
		if done, err := o.add(a.Body.Receive); done && (err != nil || a.Body.Receive.State.State != stateDone) {
			t.Error("done although it is not")
		}
	})
}

// A result is believed only from a whole line that bears the mark.
func FuzzResult(f *testing.F) {
	f.Add([]byte("noise\r\nAMIROTATE-RESULT {\"files\":[],\"problem\":null}\r\n"))
	f.Fuzz(func(t *testing.T, stdout []byte) {
		r, err := resultIn(&Output{Stdout: stdout})
		if (r == nil) != (err != nil) {
			t.Errorf("%v, %v", r, err)
		}
		if r != nil && !strings.Contains(string(stdout), "AMIROTATE-RESULT") {
			t.Error("a result out of nothing")
		}
	})
}

func TestFaultIsRead(t *testing.T) {
	body := []byte(`<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:w="urn:w"><s:Header/><s:Body><s:Fault>` +
		`<s:Code><s:Value>s:Receiver</s:Value><s:Subcode><s:Value>w:InternalError</s:Value></s:Subcode></s:Code>` +
		`<s:Reason><s:Text xml:lang="en-US">It  went
		wrong.</s:Text></s:Reason><s:Detail><f:WSManFault xmlns:f="urn:f" Code="995" Machine="x"><f:Message>It went wrong.</f:Message></f:WSManFault>` +
		`</s:Detail></s:Fault></s:Body></s:Envelope>`)
	fault := faultIn(body)
	if fault == nil || fault.Error() != "It went wrong. (w:InternalError, WSMan error 995)" || fault.temporary() {
		t.Errorf("%v", fault)
	}
	// Windows Server 2008 R2 names a new shell by its reference alone.
	a, err := parseAnswer([]byte(`<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:x="http://schemas.xmlsoap.org/ws/2004/09/transfer"` +
		` xmlns:a="urn:a" xmlns:w="urn:w"><s:Body><x:ResourceCreated><a:ReferenceParameters><w:SelectorSet><w:Selector Name="ShellId">ABC</w:Selector>` +
		`</w:SelectorSet></a:ReferenceParameters></x:ResourceCreated></s:Body></s:Envelope>`))
	if err != nil {
		t.Fatal(err)
	}
	if id, err := a.shellID(); id != "ABC" || err != nil {
		t.Errorf("%q, %v", id, err)
	}
}

// Whatever an encrypted answer looks like, it is read or refused.
func FuzzSealedPart(f *testing.F) {
	f.Add([]byte("--Encrypted Boundary\r\n\tContent-Type: application/HTTP-SPNEGO-session-encrypted\r\n" +
		"\tOriginalContent: type=application/soap+xml;charset=UTF-8;Length=3\r\n--Encrypted Boundary\r\n" +
		"\tContent-Type: application/octet-stream\r\n\x10\x00\x00\x000123456789abcdefabc--Encrypted Boundary--\r\n"))
	f.Add([]byte("-- Encrypted Boundary\r\nOriginalContent: type=x;Length=999999999\r\n-- Encrypted Boundary\r\nContent-Type: application/octet-stream\r\n"))
	f.Fuzz(func(t *testing.T, body []byte) {
		part, length, err := sealedPart(body)
		if err == nil && len(part) != 4+signatureSize+length {
			t.Errorf("%d bytes for %d", len(part), length)
		}
	})
}

// Whatever token a server sends, a message of NTLM comes out of it or nothing.
func FuzzSPNEGO(f *testing.F) {
	f.Add([]byte("NTLMSSP\x00\x02"))
	if token, err := spnegoNext([]byte("NTLMSSP\x00\x02")); err == nil {
		f.Add(token)
	}
	f.Fuzz(func(t *testing.T, token []byte) {
		if m := bare(token); m != nil && !strings.HasPrefix(string(m), "NTLMSSP\x00") {
			t.Errorf("%q", m)
		}
	})
}

package winrm

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"strconv"
	"time"

	"github.com/masterzen/winrm/soap"
)

// Actions and names of WS-Management's shells (MS-WSMV 3.1.4).
const (
	actionCreate  = "http://schemas.xmlsoap.org/ws/2004/09/transfer/Create"
	actionDelete  = "http://schemas.xmlsoap.org/ws/2004/09/transfer/Delete"
	actionCommand = shellNamespace + "/Command"
	actionSend    = shellNamespace + "/Send"
	actionReceive = shellNamespace + "/Receive"
	actionSignal  = shellNamespace + "/Signal"

	shellNamespace = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
	shellCmd       = shellNamespace + "/cmd"
	anonymous      = "http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous"
	signalEnd      = shellNamespace + "/signal/terminate"
	stateDone      = shellNamespace + "/CommandState/Done"
)

// maxEnvelope is the size of a SOAP message that every Windows takes, in bytes
// (MaxEnvelopeSizekb 150 until Windows Server 2008 R2, 500 since).
const maxEnvelope = 150 << 10

// maxSend is how many bytes of standard input go into one message, so that it
// stays below maxEnvelope in base64.
const maxSend = 100 << 10

// shellIdle is how long the server keeps a shell that nobody asks for anything,
// so that one of a client that died does not count against the quota for long.
const shellIdle = 3 * time.Minute

// envelope begins a message; shell is "" for Create.
func (t *transport) envelope(action, shell string, options ...*soap.HeaderOption) *soap.SoapMessage {
	message := soap.NewMessage()
	header := message.Header().
		To(escape(t.url)).
		ReplyTo(anonymous).
		MaxEnvelopeSize(maxEnvelope).
		Timeout(seconds(t.options.OperationTimeout)).
		Id(messageID()).
		Locale("en-US").
		Action(action).
		ResourceURI(shellCmd)
	if shell != "" {
		header.ShellId(escape(shell))
	}
	for _, o := range options {
		header.AddOption(o)
	}
	return header.Build()
}

func (t *transport) createMessage() string {
	m := t.envelope(actionCreate, "",
		soap.NewHeaderOption("WINRS_NOPROFILE", "TRUE"), soap.NewHeaderOption("WINRS_CODEPAGE", "65001"))
	body := m.CreateBodyElement("Shell", soap.DOM_NS_WIN_SHELL)
	m.CreateElement(body, "IdleTimeOut", soap.DOM_NS_WIN_SHELL).SetContent(seconds(shellIdle))
	m.CreateElement(body, "InputStreams", soap.DOM_NS_WIN_SHELL).SetContent("stdin")
	m.CreateElement(body, "OutputStreams", soap.DOM_NS_WIN_SHELL).SetContent("stdout stderr")
	return m.String()
}

// commandMessage starts a command line under cmd.exe. Only a command that is to
// read standard input gets a pipe for it.
func (t *transport) commandMessage(shell, line string, piped bool) string {
	console := "TRUE"
	if piped {
		console = "FALSE"
	}
	m := t.envelope(actionCommand, shell,
		soap.NewHeaderOption("WINRS_CONSOLEMODE_STDIN", console), soap.NewHeaderOption("WINRS_SKIP_CMD_SHELL", "FALSE"))
	body := m.CreateBodyElement("CommandLine", soap.DOM_NS_WIN_SHELL)
	m.CreateElement(body, "Command", soap.DOM_NS_WIN_SHELL).SetContent(escape(line))
	return m.String()
}

func (t *transport) sendMessage(shell, command string, input []byte, last bool) string {
	m := t.envelope(actionSend, shell)
	body := m.CreateBodyElement("Send", soap.DOM_NS_WIN_SHELL)
	stream := m.CreateElement(body, "Stream", soap.DOM_NS_WIN_SHELL)
	stream.SetAttr("Name", "stdin").SetAttr("CommandId", escape(command))
	if last {
		stream.SetAttr("End", "true")
	}
	stream.SetContent(base64.StdEncoding.EncodeToString(input))
	return m.String()
}

func (t *transport) receiveMessage(shell, command string) string {
	m := t.envelope(actionReceive, shell)
	body := m.CreateBodyElement("Receive", soap.DOM_NS_WIN_SHELL)
	m.CreateElement(body, "DesiredStream", soap.DOM_NS_WIN_SHELL).
		SetAttr("CommandId", escape(command)).SetContent("stdout stderr")
	return m.String()
}

func (t *transport) signalMessage(shell, command string) string {
	m := t.envelope(actionSignal, shell)
	body := m.CreateBodyElement("Signal", soap.DOM_NS_WIN_SHELL).SetAttr("CommandId", escape(command))
	m.CreateElement(body, "Code", soap.DOM_NS_WIN_SHELL).SetContent(signalEnd)
	return m.String()
}

func (t *transport) deleteMessage(shell string) string {
	m := t.envelope(actionDelete, shell)
	m.NewBody()
	return m.String()
}

// escape is for everything that goes into a message: the soap package writes
// texts and attributes as they are.
func escape(s string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(s)) // a buffer takes everything
	return b.String()
}

// seconds writes a duration as XML Schema does.
func seconds(d time.Duration) string {
	return "PT" + strconv.FormatFloat(d.Seconds(), 'f', 3, 64) + "S"
}

// messageID returns a random UUID as a URN (RFC 4122, version 4).
func messageID() string {
	var b [16]byte
	rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("uuid:%X-%X-%X-%X-%X", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

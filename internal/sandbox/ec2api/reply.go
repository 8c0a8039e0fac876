package ec2api

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"fmt"
	"net/http"
	"time"
)

const (
	ec2Namespace = "http://ec2.amazonaws.com/doc/2016-11-15/"
	stsNamespace = "https://sts.amazonaws.com/doc/2011-06-15/"
	stsVersion   = "2011-06-15"
)

// set is an XML list: EC2 writes one also when it is empty.
type set[T any] struct {
	Items []T `xml:"item"`
}

func setOf[T, V any](values []T, item func(T) V) set[V] {
	var s set[V]
	for _, v := range values {
		s.Items = append(s.Items, item(v))
	}
	return s
}

// ok is the response of a call that has nothing to say.
type ok struct {
	Return bool `xml:"return"`
}

// stamp is a time as EC2 writes it.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05.000Z")
}

func (c *call) succeed(w http.ResponseWriter, response any) {
	var body bytes.Buffer
	body.WriteString(xml.Header)
	name, namespace := c.action+"Response", ec2Namespace
	if c.service == "sts" {
		namespace = stsNamespace
	}
	fmt.Fprintf(&body, "<%s xmlns=%q>", name, namespace)
	if c.service == "ec2" {
		fmt.Fprintf(&body, "<requestId>%s</requestId>", c.requestID)
	}
	if err := xml.NewEncoder(&body).EncodeElement(response, xml.StartElement{Name: xml.Name{Local: "body"}}); err != nil {
		c.fail(w, err)
		return
	}
	if c.service == "sts" {
		fmt.Fprintf(&body, "<ResponseMetadata><RequestId>%s</RequestId></ResponseMetadata>", c.requestID)
	}
	fmt.Fprintf(&body, "</%s>", name)
	c.write(w, http.StatusOK, unwrap(body.Bytes()))
}

// unwrap takes off the element that the encoder needs around a struct, so that
// its fields stand beside the request id.
func unwrap(body []byte) []byte {
	body = bytes.Replace(body, []byte("<body>"), nil, 1)
	if i := bytes.LastIndex(body, []byte("</body>")); i >= 0 {
		body = append(body[:i], body[i+len("</body>"):]...)
	}
	return body
}

type ec2Failure struct {
	XMLName   xml.Name   `xml:"Response"`
	Errors    []ec2Fault `xml:"Errors>Error"`
	RequestID string     `xml:"RequestID"`
}

type ec2Fault struct {
	Code    string `xml:"Code"`
	Message string `xml:"Message"`
}

type stsFailure struct {
	XMLName xml.Name `xml:"https://sts.amazonaws.com/doc/2011-06-15/ ErrorResponse"`
	Error   struct {
		Type string `xml:"Type"`
		ec2Fault
	} `xml:"Error"`
	RequestID string `xml:"RequestId"`
}

func (c *call) fail(w http.ResponseWriter, err error) {
	e := refusal(err)
	fault := ec2Fault{e.Code, e.Message}
	var failure any = ec2Failure{Errors: []ec2Fault{fault}, RequestID: c.requestID}
	if c.service == "sts" {
		sts := stsFailure{RequestID: c.requestID}
		sts.Error.Type, sts.Error.ec2Fault = "Sender", fault
		failure = sts
	}
	body, err := xml.Marshal(failure)
	if err != nil {
		body = nil // plain text cannot fail to be encoded
	}
	c.write(w, cmp.Or(e.Status, http.StatusBadRequest), append([]byte(xml.Header), body...))
}

func (c *call) write(w http.ResponseWriter, status int, body []byte) {
	h := w.Header()
	h.Set("Content-Type", "text/xml;charset=UTF-8")
	h.Set("X-Amzn-Requestid", c.requestID)
	h.Set("Server", "AmazonEC2")
	w.WriteHeader(status)
	w.Write(body) // a client that is gone is told nothing
}

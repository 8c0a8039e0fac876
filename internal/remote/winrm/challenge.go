package winrm

import (
	"encoding/base64"
	"net/http"
	"strings"
)

// schemes names the ways of authentication that a 401 proposes.
func schemes(h http.Header) string {
	var all []string
	for _, v := range h.Values("WWW-Authenticate") {
		scheme, _, _ := strings.Cut(v, " ")
		all = append(all, scheme)
	}
	if len(all) == 0 {
		return "none"
	}
	return strings.Join(all, ", ")
}

// offers tells whether a way of authentication is among them.
func offers(h http.Header, scheme string) bool {
	for offered := range strings.SplitSeq(schemes(h), ", ") {
		if strings.EqualFold(offered, scheme) {
			return true
		}
	}
	return false
}

// challengeIn returns the NTLM challenge of a 401, or nil.
func challengeIn(h http.Header) []byte {
	for _, v := range h.Values("WWW-Authenticate") {
		scheme, token, _ := strings.Cut(v, " ")
		if !strings.EqualFold(scheme, "Negotiate") && !strings.EqualFold(scheme, "NTLM") {
			continue
		}
		if message, err := base64.StdEncoding.DecodeString(token); err == nil {
			if challenge := bare(message); challenge != nil {
				return challenge
			}
		}
	}
	return nil
}

package winrm

import (
	"context"
	"crypto"
	"crypto/x509"
	"encoding/base64"
	"net/http"
	"strings"

	"github.com/bodgit/ntlmssp"
)

// carriage is how NTLM's messages travel in HTTP.
type carriage struct {
	scheme  string
	wrapped bool // in SPNEGO
}

// carriages in the order in which they are tried; the first is Windows' own.
func carriages() []carriage {
	return []carriage{{"Negotiate", false}, {"NTLM", false}, {"Negotiate", true}}
}

// pendingLogin is an NTLM login (MS-NLMP, carried in HTTP as RFC 4559 says) that
// has been challenged.
type pendingLogin struct {
	client *ntlmssp.Client
	way    carriage
	answer []byte
}

// logIn authenticates the connection with NTLM. Over HTTPS the message goes with
// the answer to the challenge, which saves a request. Over HTTP the login goes
// ahead of it with no message at all, for nothing may go unencrypted.
func (t *transport) logIn(ctx context.Context, message string) (*http.Response, error) {
	x, err := t.challenged(ctx)
	if err != nil {
		return nil, err
	}
	if t.options.HTTPS {
		return t.sendToken(ctx, x.way, message, x.answer)
	}
	resp, err := t.sendToken(ctx, x.way, "", x.answer)
	if err != nil || resp.StatusCode == http.StatusUnauthorized {
		return resp, err
	}
	if _, err := t.drain(resp); err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		return nil, kindf(Unavailable, "the login was answered with HTTP status %s", resp.Status)
	}
	if t.session = x.client.SecuritySession(); t.session == nil {
		return nil, kindf(Unsealed, "the NTLM session has no keys")
	}
	return t.sendSealed(ctx, message)
}

// challenged begins a login: an empty request fetches the challenge.
func (t *transport) challenged(ctx context.Context) (*pendingLogin, error) {
	var offered http.Header
	for i, way := range carriages() {
		if i > 0 && !offers(offered, way.scheme) {
			continue
		}
		x, header, err := t.challengedBy(ctx, way)
		if x != nil || err != nil {
			return x, err
		}
		offered = header
	}
	if !t.options.HTTPS {
		return nil, kindf(Unsealed, "the server does not do NTLM (it offers %s), so nothing can be encrypted", schemes(offered))
	}
	return nil, kindf(Denied, "the server does not do NTLM (it offers %s)", schemes(offered))
}

// challengedBy begins a login by one carriage. If the server sends no challenge
// by it, both the exchange and the error are nil.
func (t *transport) challengedBy(ctx context.Context, way carriage) (*pendingLogin, http.Header, error) {
	user, domain := splitUser(t.options.User)
	client, err := ntlmssp.NewClient(ntlmssp.SetUserInfo(user, t.options.Password), ntlmssp.SetDomain(domain),
		ntlmssp.SetVersion(ntlmssp.DefaultVersion()))
	if err != nil {
		return nil, nil, err
	}
	negotiate, err := client.Authenticate(nil, nil)
	if err == nil && way.wrapped {
		negotiate, err = spnegoInit(negotiate)
	}
	if err != nil {
		return nil, nil, err
	}
	first, err := t.sendToken(ctx, way, "", negotiate)
	if err != nil {
		return nil, nil, err
	}
	if _, err := t.drain(first); err != nil {
		return nil, nil, err
	}
	if first.StatusCode >= http.StatusInternalServerError {
		return nil, nil, kindf(Unavailable, "HTTP status %s", first.Status)
	}
	challenge := challengeIn(first.Header)
	if challenge == nil {
		return nil, first.Header, nil
	}
	answer, err := t.answerTo(client, challenge, first)
	if err == nil && way.wrapped {
		answer, err = spnegoNext(answer)
	}
	return &pendingLogin{client, way, answer}, nil, err
}

// answerTo answers a challenge, bound to the TLS connection if there is one.
func (t *transport) answerTo(client *ntlmssp.Client, challenge []byte, from *http.Response) ([]byte, error) {
	var bindings *ntlmssp.ChannelBindings
	if t.options.HTTPS {
		if from.TLS == nil {
			return nil, kindf(Denied, "the login is not on a TLS connection")
		}
		bindings = channelBindings(from.TLS.PeerCertificates[0])
	} else if err := checkSealing(challenge); err != nil {
		return nil, err
	}
	answer, err := client.Authenticate(challenge, bindings)
	if err != nil {
		return nil, kindf(Nonsense, "the server's NTLM challenge: %w", err)
	}
	return answer, nil
}

func (t *transport) sendToken(ctx context.Context, way carriage, message string, token []byte) (*http.Response, error) {
	req, err := t.request(ctx, []byte(message), soapType)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", way.scheme+" "+base64.StdEncoding.EncodeToString(token))
	return t.client.Do(req)
}

// sendSealed sends a message encrypted with the session's key.
func (t *transport) sendSealed(ctx context.Context, message string) (*http.Response, error) {
	body, err := seal(t.session, message)
	if err != nil {
		return nil, err
	}
	req, err := t.request(ctx, body, sealedType)
	if err != nil {
		return nil, err
	}
	return t.client.Do(req)
}

// splitUser takes DOMAIN\user and user@domain apart.
func splitUser(name string) (user, domain string) {
	if d, u, ok := strings.Cut(name, `\`); ok {
		return u, d
	}
	if u, d, ok := strings.Cut(name, "@"); ok {
		return u, d
	}
	return name, ""
}

// channelBindings ties the login to this TLS connection (tls-server-end-point,
// RFC 5929 section 4.1), so that nobody in between can use it for another.
func channelBindings(server *x509.Certificate) *ntlmssp.ChannelBindings {
	var hash crypto.Hash
	switch server.SignatureAlgorithm {
	case x509.SHA384WithRSA, x509.SHA384WithRSAPSS, x509.ECDSAWithSHA384:
		hash = crypto.SHA384
	case x509.SHA512WithRSA, x509.SHA512WithRSAPSS, x509.ECDSAWithSHA512:
		hash = crypto.SHA512
	case x509.PureEd25519, x509.UnknownSignatureAlgorithm:
		return nil // RFC 5929 leaves these undefined
	default:
		hash = crypto.SHA256 // for MD5 and SHA-1 too
	}
	h := hash.New()
	h.Write(server.Raw)
	return &ntlmssp.ChannelBindings{ApplicationData: h.Sum([]byte(ntlmssp.TLSServerEndPoint + ":"))}
}

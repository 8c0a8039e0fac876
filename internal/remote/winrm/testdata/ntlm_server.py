"""A WinRM server whose NTLM and SPNEGO are impacket's, for tests of a client.

    ntlm_server.py CERTIFICATE KEY

It listens on ports of 127.0.0.1, over HTTP and over HTTPS for each way in which
NTLM may travel or a server may be wrong, and prints them as a JSON object such
as {"http raw": 1234, "https raw": 1235}:

    raw        in the scheme Negotiate, as Windows takes it
    ntlm       in the scheme NTLM alone
    spnego     in the scheme Negotiate, wrapped in SPNEGO alone
    unsealing  it agrees to no encryption
    plain      it answers an encrypted message without encryption
    forging    it encrypts with a key that is not the session's
    replaying  it sends its first encrypted answer again
    basic      it offers nothing but Basic

The user is Administrator, the password stands in the environment variable
PASSWORD. One shell and one command, which prints the line that it was given.
"""

import base64
import hashlib
import http.server
import json
import os
import re
import socketserver
import ssl
import struct
import sys
import threading

from Cryptodome.Cipher import ARC4
from impacket import ntlm, spnego

WAYS = ['raw', 'ntlm', 'spnego', 'unsealing', 'plain', 'forging', 'replaying', 'basic']
OCTETS = b'\tContent-Type: application/octet-stream\r\n'
PROTOCOL = 'application/HTTP-SPNEGO-session-encrypted'
SOAP = 'application/soap+xml;charset=UTF-8'
NTLMSSP = spnego.TypesMech['NTLMSSP - Microsoft NTLM Security Support Provider']
FLAGS = (ntlm.NTLMSSP_NEGOTIATE_UNICODE | ntlm.NTLMSSP_REQUEST_TARGET | ntlm.NTLMSSP_NEGOTIATE_NTLM
         | ntlm.NTLMSSP_NEGOTIATE_ALWAYS_SIGN | ntlm.NTLMSSP_NEGOTIATE_EXTENDED_SESSIONSECURITY
         | ntlm.NTLMSSP_NEGOTIATE_TARGET_INFO | ntlm.NTLMSSP_NEGOTIATE_KEY_EXCH
         | ntlm.NTLMSSP_NEGOTIATE_128 | ntlm.NTLMSSP_NEGOTIATE_56)
SEALING = ntlm.NTLMSSP_NEGOTIATE_SIGN | ntlm.NTLMSSP_NEGOTIATE_SEAL


class Session:
    """Encrypts one connection's messages, with impacket."""

    def __init__(self, flags, key):
        self.flags = flags
        self.keys, self.ciphers, self.count = {}, {}, {'Client': 0, 'Server': 0}
        for side in self.count:
            self.keys[side] = ntlm.SIGNKEY(flags, key, side)
            self.ciphers[side] = ARC4.new(ntlm.SEALKEY(flags, key, side))

    def seal(self, message):
        data, signature = ntlm.SEAL(self.flags, self.keys['Server'], None, message, message,
                                    self.count['Server'], self.ciphers['Server'].encrypt)
        self.count['Server'] += 1
        return struct.pack('<I', 16) + signature.getData() + data

    def open(self, part):
        assert struct.unpack('<I', part[:4])[0] == 16
        message = self.ciphers['Client'].decrypt(part[20:])
        wanted = ntlm.MAC(self.flags, self.ciphers['Client'].encrypt, self.keys['Client'], self.count['Client'], message)
        assert wanted.getData() == part[4:20], 'wrong signature'
        self.count['Client'] += 1
        return message


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    way = certificate = None  # DER, over HTTPS
    challenge = begun = session = first = line = None
    done = False

    def log_message(self, *args):
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers['Content-Length']))
        scheme, _, token = self.headers.get('Authorization', '').partition(' ')
        if scheme and not self.login(scheme, base64.b64decode(token)):
            return
        if not self.done:
            self.refuse()
        elif not body:
            self.reply(200, b'', None)
        elif self.certificate:
            self.answer(body)
        elif PROTOCOL not in self.headers['Content-Type']:
            print('PLAIN TEXT', body, file=sys.stderr, flush=True)
            self.reply(500, b'', None)
        else:
            assert body.endswith(b'--Encrypted Boundary--\r\n')
            self.answer(self.session.open(body.split(OCTETS, 1)[1][:-len('--Encrypted Boundary--\r\n')]))

    def refuse(self, token=None):
        scheme = {'ntlm': 'NTLM', 'basic': 'Basic realm="WSMAN"'}.get(self.way, 'Negotiate')
        self.send_response(401)
        self.send_header('WWW-Authenticate', scheme if token is None else scheme + ' ' + base64.b64encode(token).decode())
        self.send_header('Content-Length', '0')
        self.end_headers()

    def login(self, scheme, token):
        """Goes a step on; True if the request is to be answered."""
        if self.way == 'basic' or scheme != ('NTLM' if self.way == 'ntlm' else 'Negotiate'):
            return True
        if self.way == 'spnego':
            if token[:1] == b'\x60':
                init = spnego.SPNEGO_NegTokenInit(token)
                assert init['MechTypes'] == [NTLMSSP]
                token = init['MechToken']
            elif token[:1] == b'\xa1':
                token = spnego.SPNEGO_NegTokenResp(token)['ResponseToken']
            else:
                return True  # not a way to speak to this server
        if struct.unpack('<I', token[8:12])[0] == 1:
            self.begun, self.challenge, self.nonce = token, *challenge(FLAGS if self.way == 'unsealing' else FLAGS | SEALING)
            wrapped = self.challenge
            if self.way == 'spnego':
                resp = spnego.SPNEGO_NegTokenResp()
                resp['NegState'], resp['SupportedMech'], resp['ResponseToken'] = b'\x01', NTLMSSP, wrapped
                wrapped = resp.getData()
            self.refuse(wrapped)
            return False
        self.done = self.check(token)
        return True

    def check(self, token):
        answer = ntlm.NTLMAuthChallengeResponse()
        answer.fromString(token)
        user, domain = (answer[f].decode('utf-16le') for f in ('user_name', 'domain_name'))
        if user.lower() != 'administrator':
            return False
        owf = ntlm.NTOWFv2(user, os.environ['PASSWORD'], domain)
        proof, rest = answer['ntlm'][:16], answer['ntlm'][16:]
        if ntlm.hmac_md5(owf, self.nonce + rest) != proof:
            return False
        pairs = ntlm.AV_PAIRS(rest[28:])
        bound = pairs[ntlm.NTLMSSP_AV_CHANNEL_BINDINGS]
        if self.certificate and (bound is None or bound[1] != bindings(self.certificate)):
            return False
        base = ntlm.hmac_md5(owf, proof)
        size, _, offset = struct.unpack('<HHI', token[52:60])  # impacket does not look where it stands
        key = ARC4.new(base).decrypt(token[offset:offset + size])
        blank = token[:72] + bytes(16) + token[88:]
        if ntlm.hmac_md5(key, self.begun + self.challenge + blank) != token[72:88]:
            return False
        if not self.certificate:
            self.session = Session(answer['flags'], key if self.way != 'forging' else bytes(16))
            if self.way == 'forging':
                self.session.open = Session(answer['flags'], key).open
        return True

    def answer(self, message):
        text = message.decode()
        action = re.search(r'<\w+:Action[^>]*>([^<]+)<', text).group(1).rsplit('/', 1)[1]
        shell = 'http://schemas.microsoft.com/wbem/wsman/1/windows/shell'
        line = re.search(r'<\w+:Command>(.*)</\w+:Command>', text, re.S)
        if line:
            self.line = line.group(1).encode()
        body = {
            'Create': '<r:Shell><r:ShellId>1</r:ShellId></r:Shell>',
            'Command': '<r:CommandResponse><r:CommandId>2</r:CommandId></r:CommandResponse>',
            'Receive': '<r:ReceiveResponse><r:Stream Name="stdout">%s</r:Stream><r:CommandState State="%s/CommandState/Done">'
                       '<r:ExitCode>7</r:ExitCode></r:CommandState></r:ReceiveResponse>',
        }.get(action, '')
        if action == 'Receive':
            body %= base64.b64encode(self.line).decode(), shell
        envelope = ('<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:r="%s"><s:Header/><s:Body>%s</s:Body></s:Envelope>'
                    % (shell, body)).encode()
        if self.session is None or self.way == 'plain':
            self.reply(200, envelope, SOAP)
            return
        head = '--Encrypted Boundary\r\n\tContent-Type: %s\r\n\tOriginalContent: type=%s;Length=%d\r\n--Encrypted Boundary\r\n'
        whole = ((head % (PROTOCOL, SOAP, len(envelope))).encode() + OCTETS + self.session.seal(envelope)
                 + b'--Encrypted Boundary--\r\n')
        if self.way == 'replaying':
            self.first = whole = self.first or whole
        self.reply(200, whole, 'multipart/encrypted;protocol="%s";boundary="Encrypted Boundary"' % PROTOCOL)

    def reply(self, status, body, kind):
        self.send_response(status)
        if kind:
            self.send_header('Content-Type', kind)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def challenge(flags):
    nonce = os.urandom(8)
    info = ntlm.AV_PAIRS()
    for pair in (ntlm.NTLMSSP_AV_HOSTNAME, ntlm.NTLMSSP_AV_DOMAINNAME, ntlm.NTLMSSP_AV_DNS_HOSTNAME):
        info[pair] = 'IMPACKET'.encode('utf-16le')
    info[ntlm.NTLMSSP_AV_TIME] = struct.pack('<Q', 116444736000000000 + 1435000000 * 10000000)
    name, pairs = 'IMPACKET'.encode('utf-16le'), info.getData()
    c = ntlm.NTLMAuthChallenge()
    c['flags'] = flags
    c['domain_len'] = c['domain_max_len'] = len(name)
    c['domain_offset'] = 56
    c['challenge'], c['reserved'] = nonce, ''
    c['TargetInfoFields_len'] = c['TargetInfoFields_max_len'] = len(pairs)
    c['TargetInfoFields_offset'] = 56 + len(name)
    c['Version'], c['VersionLen'] = b'\xff' * 8, 8
    c['domain_name'], c['TargetInfoFields'] = name, pairs
    return c.getData(), nonce


def bindings(certificate):
    """MD5 of the channel bindings (RFC 5929, RFC 4121 section 4.1.1.2)."""
    data = b'tls-server-end-point:' + hashlib.sha256(certificate).digest()
    return hashlib.md5(bytes(16) + struct.pack('<I', len(data)) + data).digest()


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], (ConnectionError, ssl.SSLError)):
            super().handle_error(request, client_address)


context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1], sys.argv[2])
with open(sys.argv[1]) as f:
    der = ssl.PEM_cert_to_DER_cert(f.read())
ports = {}
for way in WAYS:
    for scheme, certificate in (('http', None), ('https', der)):
        server = Server(('127.0.0.1', 0), type('Way', (Handler,), {'way': way, 'certificate': certificate}))
        if certificate:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        ports[scheme + ' ' + way] = server.server_port
        threading.Thread(target=server.serve_forever, daemon=True).start()
print(json.dumps(ports), flush=True)
sys.stdin.read()

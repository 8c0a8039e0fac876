"""Debian's pywinrm as a client of a Windows host.

    pywinrm_client.py URL TRANSPORT CA LINE

It runs the command line LINE, whose standard output it prints, after what it
does has been shown to work: an unknown script, an unknown command, a shell that
is gone, and encryption where the URL is not https. The password stands in the
environment variable PASSWORD.
"""

import base64
import os
import sys

import winrm
from winrm.exceptions import InvalidCredentialsError, WinRMError, WinRMTransportError

url, transport, ca, line = sys.argv[1:]
options = {'transport': transport, 'ca_trust_path': ca, 'read_timeout_sec': 20, 'operation_timeout_sec': 10}
session = winrm.Session(url, auth=('Administrator', os.environ['PASSWORD']), **options)

# What run_ps does, whose Debian version trips over its own clean-up of errors.
script = base64.b64encode('Get-Content C:\\secret.txt'.encode('utf-16-le')).decode()
answer = session.run_cmd('powershell -encodedcommand ' + script)
assert answer.status_code == 1 and answer.std_out == b'', answer
assert b"no PowerShell: it knows only the scripts that amirotate ships, not \"Get-Content" in answer.std_err, answer.std_err

answer = session.run_cmd('ipconfig', ['/all'])
assert answer.status_code == 1 and b'runs powershell.exe and nothing else, not "ipconfig /all"' in answer.std_err, answer.std_err

protocol = session.protocol
assert (protocol.transport.encryption is None) == url.startswith('https')
shell = protocol.open_shell()
protocol.close_shell(shell)
try:
    protocol.run_command(shell, 'ipconfig')
    raise AssertionError('a command ran in a shell that is gone')
except WinRMTransportError as e:  # a SOAP fault, with HTTP status 500
    assert e.code == 500 and 'shell was not found' in str(e.response_text), e.response_text
except WinRMError as e:
    assert 'shell was not found' in str(e), e

try:
    winrm.Session(url, auth=('Administrator', 'wrong'), **options).run_cmd('ipconfig')
    raise AssertionError('a wrong password was taken')
except InvalidCredentialsError:
    pass

shell = protocol.open_shell(codepage=65001)
command = protocol.run_command(shell, line)
stdout, stderr, code = protocol.get_command_output(shell, command)
protocol.cleanup_command(shell, command)
protocol.close_shell(shell)
assert code == 0 and stderr == b'', (code, stderr)
sys.stdout.buffer.write(stdout)

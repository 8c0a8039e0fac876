"""Debian's pywinrm carrying out command lines on a Windows host.

    push.py URL CA LINE...

Each line runs in a shell of its own, as Session.run_cmd has it. Printed are the
HTTP requests that were made, the seconds that they took, and whether every line
succeeded. The password stands in the environment variable PASSWORD.
"""

import os
import sys
import time

import winrm

url, ca, *lines = sys.argv[1:]
session = winrm.Session(url, auth=('Administrator', os.environ['PASSWORD']), transport='ssl', ca_trust_path=ca,
                        read_timeout_sec=40, operation_timeout_sec=30)
protocol = session.protocol
requests = 0
send = protocol.transport.send_message


def counted(message):
    global requests
    requests += 1
    return send(message)


protocol.transport.send_message = counted
began = time.monotonic()
ok = True
for line in lines:
    shell = protocol.open_shell(codepage=65001)
    command = protocol.run_command(shell, line)
    out, err, code = protocol.get_command_output(shell, command)
    protocol.cleanup_command(shell, command)
    protocol.close_shell(shell)
    ok = ok and code == 0 and b'"problem":"' not in out
print(requests, time.monotonic() - began, 'ok' if ok else 'failed')

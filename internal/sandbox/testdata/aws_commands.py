"""Debian's AWS CLI, many commands in one process.

    aws_commands.py ENDPOINT

Each line of standard input is a JSON list of arguments; each line of standard
output is the JSON list [exit code, standard output, standard error] of that
command. The endpoint is added to every one, for the CLI does not take it from
the environment before version 2.13.
"""

import contextlib
import io
import json
import sys

from awscli.clidriver import create_clidriver


def run(arguments):
    out, errors = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(errors):
        try:
            code = driver.main(['--endpoint-url', sys.argv[1]] + arguments)
        except SystemExit as e:
            code = e.code
    return [code, out.getvalue(), errors.getvalue()]


driver = create_clidriver()
answers = sys.stdout
for line in sys.stdin:
    arguments = json.loads(line)
    print(json.dumps(run(arguments)), file=answers, flush=True)
    if any(a.startswith('modify-') for a in arguments):
        driver = create_clidriver()  # these leave something behind in it, for the CLI means to run once

<#
.SYNOPSIS
Runs a command in a PowerShell of its own and reports what it printed.

.DESCRIPTION
amirotate sends this script over WinRM or SSH. It can be run by hand as well:

    powershell.exe -NoProfile -ExecutionPolicy Bypass -File run.ps1 -Request request.json

with request.json being, for example,

    {"command": "Restart-Service stunnel", "timeout": 60}

The command may be any number of PowerShell statements. It gets no input. As in
most build systems it ends at the first error of PowerShell itself, with exit
code 1, and else with the exit code of the last program that it called. When the
timeout, in seconds, is over (0: never), it is killed with all that it started.

It prints one line that begins with AMIROTATE-RESULT and goes on as JSON:

    {"outcome": "ended", "exit_code": 0, "output": "...", "dropped": 0, "problem": null}

outcome is ended, timeout or failed (it could not be run, see "problem"). The
output is what it printed to standard output, then what it printed to standard
error; of more than 65536 characters the last ones, with the number of those
that were dropped.

Made for Windows PowerShell 5.1; PowerShell 7 runs it too.

.PARAMETER Request
The request as JSON text, or the name of a file that holds it.
#>
param([Parameter(Mandatory = $true)][string]$Request)

$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue' # progress bars would reach the caller as noise

# The request as an object: JSON text, or the JSON in a file of that name.
function Read-Request {
    param([string]$Request)
    $text = $Request
    if (-not $text.TrimStart().StartsWith('{')) {
        $text = [System.IO.File]::ReadAllText((Resolve-Path -LiteralPath $Request).ProviderPath)
    }
    return ConvertFrom-Json -InputObject $text
}

# Prints the result on a line of its own. Everything outside printable ASCII is
# escaped, so that no console code page can damage it.
function Write-Result {
    param($Result)
    $json = ConvertTo-Json -InputObject $Result -Depth 5 -Compress
    $escape = [System.Text.RegularExpressions.MatchEvaluator]{ param($match) '\u{0:x4}' -f [int][char]$match.Value }
    $json = [regex]::Replace($json, '[^\x20-\x7e]', $escape)
    [Console]::Out.WriteLine('AMIROTATE-RESULT ' + $json)
    [Console]::Out.Flush()
}

# Starts the command. It travels in the environment: an argument would have to be
# quoted, and could be seen by everybody.
function Start-Command {
    param([string]$Command)
    $env:AMIROTATE_COMMAND = '$ErrorActionPreference = ''Stop''; $ProgressPreference = ''SilentlyContinue''; ' + $Command +
        [Environment]::NewLine + 'if (Test-Path -LiteralPath variable:\LASTEXITCODE) { exit $LASTEXITCODE }'
    $start = New-Object -TypeName System.Diagnostics.ProcessStartInfo
    $start.FileName = [System.Diagnostics.Process]::GetCurrentProcess().MainModule.FileName
    $start.Arguments = '-NoLogo -NoProfile -NonInteractive -ExecutionPolicy Bypass -OutputFormat Text' +
        ' -Command ". ([ScriptBlock]::Create($env:AMIROTATE_COMMAND))"'
    $start.UseShellExecute = $false
    $start.RedirectStandardInput = $true
    $start.RedirectStandardOutput = $true
    $start.RedirectStandardError = $true
    $process = [System.Diagnostics.Process]::Start($start)
    $process.StandardInput.Close()
    return $process
}

# Kills a process and all that it started.
function Stop-Tree {
    param($Process)
    if ($env:OS -eq 'Windows_NT') {
        $null = cmd.exe /d /c ('taskkill.exe /f /t /pid {0} >NUL 2>&1' -f $Process.Id)
    } else {
        $Process.Kill()
    }
}

# What a stream brought. A service that was started may hold it open for ever:
# then what it brought is unknown.
function Receive-Text {
    param($Task)
    if ($Task.Wait(2000)) { return $Task.Result }
    return '(the output is not shown: something that the command started still holds it open)' + [Environment]::NewLine
}

$result = @{ outcome = 'failed'; exit_code = -1; output = ''; dropped = 0; problem = $null }
try {
    $order = Read-Request -Request $Request
    $process = Start-Command -Command $order.command
    $out = $process.StandardOutput.ReadToEndAsync()
    $err = $process.StandardError.ReadToEndAsync()
    $limit = -1
    if ([int]$order.timeout -gt 0) { $limit = 1000 * [int]$order.timeout }
    $ended = $process.WaitForExit($limit)
    if (-not $ended) { Stop-Tree -Process $process }
    $text = (Receive-Text -Task $out) + (Receive-Text -Task $err)
    $result.dropped = [Math]::Max(0, $text.Length - 65536)
    $result.output = $text.Substring($result.dropped)
    if ($ended) {
        $result.exit_code = $process.ExitCode
        $result.outcome = 'ended'
    } else {
        $result.outcome = 'timeout'
    }
} catch {
    $result.problem = $_.Exception.GetBaseException().Message
}
Write-Result -Result $result

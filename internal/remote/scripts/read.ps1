<#
.SYNOPSIS
Reports what stands at some paths. Changes nothing.

.DESCRIPTION
amirotate sends this script over WinRM. It can be run by hand as well:

    powershell.exe -NoProfile -ExecutionPolicy Bypass -File read.ps1 -Request request.json

with request.json being, for example,

    {"paths": ["C:\\Program Files (x86)\\stunnel\\cert.pem"], "content": false}

It prints one line that begins with AMIROTATE-RESULT and goes on as JSON:

    {"files": [{"path": "...", "status": "present", "md5": "...", "sha256": "...",
                "size": 1338, "sddl": "O:BAG:..."}],
     "problem": null}

status is present, missing or unreadable; an unreadable file has a "problem".
With "content": true each file that is present has its bytes in base64.
A "problem" at the end means that the request itself could not be answered.

Made for Windows PowerShell 5.1; PowerShell 7 runs it too, on other systems
without access rules.

.PARAMETER Request
The request as JSON text, or the name of a file that holds it.
#>
param([Parameter(Mandatory = $true)][string]$Request)

#region shared: the same in read.ps1, replace.ps1 and find.ps1

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

# What went wrong, in the words of the innermost cause.
function Get-Cause {
    param($ErrorRecord)
    return $ErrorRecord.Exception.GetBaseException().Message
}

# MD5 and SHA-256 in lower-case hexadecimal; MD5 is $null where Windows forbids
# it (FIPS mode). These two classes call Windows' own validated code.
function Get-Digest {
    param([byte[]]$Bytes)
    $digest = @{ md5 = $null; sha256 = $null }
    $sha256 = New-Object -TypeName System.Security.Cryptography.SHA256CryptoServiceProvider
    $digest.sha256 = [BitConverter]::ToString($sha256.ComputeHash($Bytes)).Replace('-', '').ToLowerInvariant()
    try {
        $md5 = New-Object -TypeName System.Security.Cryptography.MD5CryptoServiceProvider
        $digest.md5 = [BitConverter]::ToString($md5.ComputeHash($Bytes)).Replace('-', '').ToLowerInvariant()
    } catch {
        $digest.md5 = $null
    }
    return $digest
}

# Owner, group and access rules as SDDL; '' where there is no such thing, which
# is everywhere but on Windows.
function Get-Sddl {
    param([string]$Path)
    if ($env:OS -ne 'Windows_NT') { return '' }
    return (Get-Acl -LiteralPath $Path).Sddl
}

# Where a path leads when symbolic links are followed, whether or not anything
# is there. Junctions need no care: they are folders on the way.
function Resolve-Link {
    param([string]$Path)
    for ($hops = 0; $hops -lt 32; $hops++) {
        try { $item = Get-Item -LiteralPath $Path -Force } catch { $item = $null }
        if ($null -eq $item) { return $Path }
        if ($item.LinkType -ne 'SymbolicLink') {
            $isReparsePoint = ([int]$item.Attributes -band [int][System.IO.FileAttributes]::ReparsePoint) -ne 0
            if ($isReparsePoint -and $PSVersionTable.PSVersion.Major -lt 5) {
                throw 'may be a symbolic link, which PowerShell before 5.0 cannot follow'
            }
            return $Path
        }
        $target = [string]@($item.Target)[0]
        if (-not $target) { throw 'is a symbolic link whose target cannot be read' }
        if (-not [System.IO.Path]::IsPathRooted($target)) {
            $target = [System.IO.Path]::Combine([System.IO.Path]::GetDirectoryName($Path), $target)
        }
        $Path = $target
    }
    throw 'is a chain of too many symbolic links'
}

# What stands at a path. A file that cannot be read is an answer like any other.
# 'real' is the path behind symbolic links, 'bytes' the content.
function Get-State {
    param([string]$Path)
    $state = @{
        path = $Path; status = 'unreadable'; md5 = $null; sha256 = $null; size = 0
        sddl = $null; problem = $null; real = $null; bytes = $null
    }
    try {
        if (-not [System.IO.Path]::IsPathRooted($Path)) { throw 'is not an absolute path' }
        $state.real = Resolve-Link -Path $Path
        if ([System.IO.Directory]::Exists($state.real)) { throw 'is a directory' }
        $info = New-Object -TypeName System.IO.FileInfo -ArgumentList $state.real
        if ($info.Length -gt 1048576) { throw ('is larger than 1 MiB ({0} bytes)' -f $info.Length) }
        $state.bytes = [System.IO.File]::ReadAllBytes($state.real)
        $digest = Get-Digest -Bytes $state.bytes
        $state.md5 = $digest.md5
        $state.sha256 = $digest.sha256
        $state.size = $state.bytes.Length
        $state.sddl = Get-Sddl -Path $state.real
        $state.status = 'present'
    } catch {
        $cause = $_.Exception.GetBaseException()
        if (($cause -is [System.IO.FileNotFoundException]) -or
            ($cause -is [System.IO.DirectoryNotFoundException]) -or
            ($cause -is [System.IO.DriveNotFoundException])) {
            $state.status = 'missing'
        } else {
            $state.status = 'unreadable'
            $state.problem = $cause.Message
        }
    }
    return $state
}

# The part of a state that is printed.
function ConvertTo-Report {
    param($State, [bool]$WithContent)
    $report = @{ path = $State.path; status = $State.status }
    if ($State.status -eq 'present') {
        $report.md5 = $State.md5
        $report.sha256 = $State.sha256
        $report.size = $State.size
        $report.sddl = $State.sddl
        if ($WithContent) { $report.content = [Convert]::ToBase64String([byte[]]$State.bytes) }
    }
    if ($State.problem) { $report.problem = $State.problem }
    return $report
}

#endregion shared

$result = @{ files = @(); problem = $null }
try {
    $order = Read-Request -Request $Request
    $reports = @()
    foreach ($path in @($order.paths)) {
        $state = Get-State -Path $path
        $reports += (ConvertTo-Report -State $state -WithContent ([bool]$order.content))
    }
    $result.files = [object[]]$reports
} catch {
    $result.problem = Get-Cause -ErrorRecord $_
}
Write-Result -Result $result

<#
.SYNOPSIS
Replaces files whose content is an expected one: all of them, or none.

.DESCRIPTION
amirotate sends this script over WinRM. It can be run by hand as well:

    powershell.exe -NoProfile -ExecutionPolicy Bypass -File replace.ps1 -Request request.json

with request.json being, for example,

    {"changes": [{"path":    "C:\\Program Files (x86)\\stunnel\\cert.pem",
                  "old":     [{"md5": "...", "sha256": "..."}],
                  "md5":     "...",
                  "sha256":  "...",
                  "content": "LS0tLS1CRUdJTi..."}]}

old lists the digests that the file may have now (sha256 may be empty, and counts
only where Windows forbids MD5); md5 and sha256 are those of content, the new
bytes in base64.

It prints one line that begins with AMIROTATE-RESULT and goes on as JSON:

    {"outcome": "replaced", "files": [...], "problem": null}

files says what stood there before, as read.ps1 does. outcome is
    replaced   every file holds its new content now, or held it already; a problem
               beside it says that one of the script's own files is still there
    refused    a file holds neither old nor new content; nothing was changed
    damaged    the new content did not arrive as it was sent; nothing was changed
    failed     see problem; every file is as it was before

First every file is checked, then every new content is written beside its file
and read back, and only then are the files swapped, each in one step that keeps
access rules, attributes and alternate streams. Owner and access rules are
compared afterwards; if they cannot be kept, or if a file was changed by somebody
else in the meantime, all swaps are undone. Symbolic links are followed.

The files of its own, .amirotate-NAME.tmp and .amirotate-NAME.old, are removed
again; those that a run left behind because it was killed are recognised by name,
and a file that it had just moved away is put back.

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

# Name of one of our own files beside a file.
function Get-OwnName {
    param([string]$Path, [string]$Suffix)
    $name = '.amirotate-' + [System.IO.Path]::GetFileName($Path) + $Suffix
    return [System.IO.Path]::Combine([System.IO.Path]::GetDirectoryName($Path), $name)
}

# Removes one of our own files if it is there. A virus scanner may hold it for a
# moment.
function Remove-Own {
    param([string]$Path)
    for ($attempt = 1; [System.IO.File]::Exists($Path); $attempt++) {
        try {
            [System.IO.File]::SetAttributes($Path, [System.IO.FileAttributes]::Normal)
            [System.IO.File]::Delete($Path)
        } catch {
            if ($attempt -ge 20) { throw }
            Start-Sleep -Milliseconds 100
        }
    }
}

# Puts right what a killed run left: between its two renames the file itself was
# gone and its old content lay under our name.
function Repair-File {
    param([string]$Path)
    if (-not [System.IO.Path]::IsPathRooted($Path)) { return }
    $real = Resolve-Link -Path $Path
    $old = Get-OwnName -Path $real -Suffix '.old'
    if ([System.IO.File]::Exists($old)) {
        if ([System.IO.File]::Exists($real)) {
            Remove-Own -Path $old
        } else {
            [System.IO.File]::Move($old, $real)
        }
    }
    Remove-Own -Path (Get-OwnName -Path $real -Suffix '.tmp')
}

# The new content as bytes, and whether it is what was sent.
function Read-Payload {
    param($Change)
    $payload = @{ bytes = $null; intact = $false }
    try {
        $payload.bytes = [Convert]::FromBase64String($Change.content)
        $digest = Get-Digest -Bytes $payload.bytes
        $payload.intact = $digest.sha256 -eq $Change.sha256
    } catch [System.FormatException] {
        $payload.intact = $false
    }
    return $payload
}

function Test-New {
    param($State, $Change)
    if ($State.sha256 -ne $Change.sha256) { return $false }
    return ($null -eq $State.md5) -or ($State.md5 -eq $Change.md5)
}

function Test-Old {
    param($State, $Change)
    foreach ($old in @($Change.old)) {
        if ($null -ne $State.md5) {
            if ($State.md5 -eq $old.md5) { return $true }
        } elseif ($old.sha256 -and ($State.sha256 -eq $old.sha256)) {
            return $true
        }
    }
    return $false
}

# Two SDDL texts are compared without the marks AI and AR, which say only how
# inheritance was worked out.
function Test-SameSddl {
    param([string]$One, [string]$Other)
    $marks = '^(.*?D:P?)(AR)?(AI)?'
    return ($One -creplace $marks, '$1') -ceq ($Other -creplace $marks, '$1')
}

# Writes the new content beside the file, through to the disk, and reads it back.
function Write-Staged {
    param($Item)
    $stream = New-Object -TypeName System.IO.FileStream -ArgumentList @(
        $Item.staged, [System.IO.FileMode]::CreateNew, [System.IO.FileAccess]::Write, [System.IO.FileShare]::None)
    $Item.created = $true # and so it is ours to remove
    try {
        $stream.Write([byte[]]$Item.bytes, 0, $Item.bytes.Length)
        $stream.Flush($true)
    } finally {
        $stream.Dispose()
    }
    $digest = Get-Digest -Bytes ([System.IO.File]::ReadAllBytes($Item.staged))
    if ($digest.sha256 -ne $Item.change.sha256) {
        throw ('{0} does not hold what was written to it' -f $Item.staged)
    }
}

# Swaps the staged file in. The old one is kept under our name until all is done:
# without that name, a failure between the two renames would lose the old content.
function Switch-File {
    param($Item)
    $info = New-Object -TypeName System.IO.FileInfo -ArgumentList $Item.real
    if ($info.IsReadOnly) {
        $Item.unlocked = $true
        $info.IsReadOnly = $false
    }
    [System.IO.File]::Replace($Item.staged, $Item.real, $Item.old, $false)
    $before = Get-Digest -Bytes ([System.IO.File]::ReadAllBytes($Item.old))
    if ($before.sha256 -ne $Item.state.sha256) {
        throw ('{0} was changed by somebody else in the meantime' -f $Item.real)
    }
    Restore-Rules -Item $Item
    Restore-Attributes -Item $Item
}

# A swap keeps the access rules, but not always the owner.
function Restore-Rules {
    param($Item)
    $wanted = $Item.state.sddl
    if (-not $wanted) { return }
    if (Test-SameSddl -One (Get-Sddl -Path $Item.real) -Other $wanted) { return }
    $acl = Get-Acl -LiteralPath $Item.real
    $sections = [System.Security.AccessControl.AccessControlSections]'Owner,Group,Access'
    $acl.SetSecurityDescriptorSddlForm($wanted, $sections)
    Set-Acl -LiteralPath $Item.real -AclObject $acl
    $got = Get-Sddl -Path $Item.real
    if (-not (Test-SameSddl -One $got -Other $wanted)) {
        throw ('owner or access rules of {0} cannot be kept: {1} would become {2}' -f $Item.real, $wanted, $got)
    }
}

function Restore-Attributes {
    param($Item)
    if ([int][System.IO.File]::GetAttributes($Item.real) -ne [int]$Item.attributes) {
        [System.IO.File]::SetAttributes($Item.real, $Item.attributes)
    }
}

# Puts an old file back under its name, if it was swapped out.
function Undo-Switch {
    param($Item)
    if ([System.IO.File]::Exists($Item.old)) {
        Remove-Own -Path $Item.real
        [System.IO.File]::Move($Item.old, $Item.real)
    }
    if ($Item.unlocked) { Restore-Attributes -Item $Item }
}

# Checks all, stages all, swaps all.
function Invoke-Replace {
    param($Changes, $Result)
    $items = @()
    foreach ($change in $Changes) {
        $payload = Read-Payload -Change $change
        if (-not $payload.intact) {
            $Result.outcome = 'damaged'
            $Result.problem = ('the new content of {0} did not arrive as it was sent' -f $change.path)
            return
        }
        $items += @{ change = $change; bytes = $payload.bytes; created = $false; unlocked = $false }
    }
    $reports = @()
    $outcome = 'replaced'
    $due = @()
    foreach ($item in $items) {
        Repair-File -Path $item.change.path
        $item.state = Get-State -Path $item.change.path
        $reports += (ConvertTo-Report -State $item.state -WithContent $false)
        if ($item.state.status -ne 'present') {
            $outcome = 'refused'
        } elseif (Test-New -State $item.state -Change $item.change) {
            continue
        } elseif (Test-Old -State $item.state -Change $item.change) {
            $item.real = $item.state.real
            $item.staged = Get-OwnName -Path $item.real -Suffix '.tmp'
            $item.old = Get-OwnName -Path $item.real -Suffix '.old'
            $item.attributes = [System.IO.File]::GetAttributes($item.real)
            $due += $item
        } else {
            $outcome = 'refused'
        }
    }
    $Result.files = [object[]]$reports
    if ($outcome -eq 'replaced') {
        Invoke-Switch -Due $due
        $Result.outcome = $outcome
        foreach ($item in $due) { Remove-Own -Path $item.old }
    }
    $Result.outcome = $outcome
}

# Stages and swaps what is due; after a failure everything is as it was before.
function Invoke-Switch {
    param($Due)
    try {
        foreach ($item in $Due) { Write-Staged -Item $item }
        foreach ($item in $Due) { Switch-File -Item $item }
    } catch {
        $problem = Get-Cause -ErrorRecord $_
        foreach ($item in $Due) {
            try {
                if ($item.created) {
                    Undo-Switch -Item $item
                    Remove-Own -Path $item.staged
                }
            } catch {
                $problem = $problem + '; and then: ' + (Get-Cause -ErrorRecord $_)
            }
        }
        throw $problem
    }
}

$result = @{ outcome = 'failed'; files = @(); problem = $null }
try {
    $order = Read-Request -Request $Request
    Invoke-Replace -Changes @($order.changes) -Result $result
} catch {
    $result.problem = Get-Cause -ErrorRecord $_
}
Write-Result -Result $result

package scripts

import (
	"bytes"
	"compress/flate"
	_ "embed" // the scripts are part of the binary
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"
)

// WindowsRead reports what stands at some paths, under PowerShell. Its own help
// text says what it takes and prints.
//
//go:embed read.ps1
var WindowsRead string

// WindowsReplace replaces files whose content is an expected one, under
// PowerShell. Its own help text says what it takes and prints.
//
//go:embed replace.ps1
var WindowsReplace string

// WindowsRun runs a command under a PowerShell of its own. Its own help text says
// what it takes and prints.
//
//go:embed run.ps1
var WindowsRun string

// WindowsFind looks for files in some folders, under PowerShell. Its own help text
// says what it takes and prints.
//
//go:embed find.ps1
var WindowsFind string

// ResultMark begins the line on which the PowerShell scripts print their result.
const ResultMark = "AMIROTATE-RESULT "

// Sources of a packed script, as PowerShell expressions for Bootstrap.
const (
	// SourceStdin needs PowerShell's -InputFormat None, else PowerShell reads
	// the same stream for itself.
	SourceStdin = "[Console]::In.ReadToEnd()"
	// SourceEnvironment is good for 32,767 characters.
	SourceEnvironment = "$env:AMIROTATE_SCRIPT"
)

// SourceLiteral is the packed script itself, as part of the command.
func SourceLiteral(packed string) string { return "'" + packed + "'" }

// bootstrap unpacks a script and runs it. It stands within double quotes on a
// command line of cmd.exe, so it has no double quote and no per cent sign.
const (
	bootstrapBefore = "$ProgressPreference='SilentlyContinue';$p="
	bootstrapAfter  = ";$m=New-Object IO.MemoryStream(,[Convert]::FromBase64String($p))" +
		";$d=New-Object IO.Compression.DeflateStream($m,[IO.Compression.CompressionMode]::Decompress)" +
		";$r=New-Object IO.StreamReader($d,[Text.Encoding]::UTF8)" +
		";$t=$r.ReadToEnd();$n=$t.IndexOf([char]10)" +
		";&([ScriptBlock]::Create($t.Substring($n+1))) -Request ($t.Substring(0,$n))"
)

// Bootstrap is the PowerShell command that unpacks the script that the source
// yields and runs it with its request.
func Bootstrap(source string) string { return bootstrapBefore + source + bootstrapAfter }

// BootstrapSource returns the source of a command that Bootstrap made.
func BootstrapSource(command string) (source string, ok bool) {
	rest, ok := strings.CutPrefix(strings.TrimSpace(command), bootstrapBefore)
	if !ok {
		return "", false
	}
	return strings.CutSuffix(rest, bootstrapAfter)
}

// Pack makes a script and the text of its -Request parameter, which must be a
// single line, into one word: both deflated, in base64.
func Pack(script, request string) string {
	var packed bytes.Buffer
	encoder := base64.NewEncoder(base64.StdEncoding, &packed)
	deflater, _ := flate.NewWriter(encoder, flate.BestCompression) // fails only for an unknown level
	_, _ = io.WriteString(deflater, request+"\n"+script)           // a buffer takes everything
	_ = deflater.Close()
	_ = encoder.Close()
	return packed.String()
}

// maxUnpacked bounds what Unpack makes of its input, in bytes.
const maxUnpacked = 64 << 20

// Unpack is the reverse of Pack.
func Unpack(packed string) (script, request string, err error) {
	// A stream reader drops what a console adds: white space, and a mark of byte order.
	packed = strings.TrimPrefix(packed, "\ufeff")
	decoder := base64.NewDecoder(base64.StdEncoding, strings.NewReader(packed))
	text, err := io.ReadAll(io.LimitReader(flate.NewReader(decoder), maxUnpacked))
	if err != nil {
		return "", "", fmt.Errorf("cannot unpack a script: %w", err)
	}
	request, script, ok := strings.Cut(string(text), "\n")
	if !ok {
		return "", "", errors.New("cannot unpack a script: no request line before it")
	}
	return script, request, nil
}

// Compact drops a PowerShell script's help text, its lines of comment and its
// indentation, for the sake of command lines. It knows no here-strings.
func Compact(script string) string {
	var kept []string
	inHelp := false
	for line := range strings.Lines(script) {
		line = strings.TrimSpace(line)
		switch {
		case inHelp:
			inHelp = !strings.HasSuffix(line, "#>")
		case strings.HasPrefix(line, "<#"):
			inHelp = !strings.HasSuffix(line, "#>")
		case line != "" && !strings.HasPrefix(line, "#"):
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "\n") + "\n"
}

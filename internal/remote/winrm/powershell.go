package winrm

import (
	"encoding/base64"
	"encoding/binary"
	"unicode/utf16"

	"github.com/amirotate/amirotate/internal/remote/scripts"
)

// maxLine is how long a command line may be: cmd.exe takes 8,191 characters,
// and WinRM puts its own path and switches before it.
const maxLine = 8000

// powerShell never reads standard input for itself (-InputFormat None), shows no
// prompt, loads no profile and, not being interactive, writes no history.
const powerShell = "powershell.exe -NoLogo -NoProfile -NonInteractive -InputFormat None -OutputFormat Text -ExecutionPolicy Bypass"

// commandFor returns the command line that runs a script with its request, a
// single line, and what must go to its standard input: nothing where both fit
// into the line.
func commandFor(script, request string) (line string, input []byte) {
	packed := scripts.Pack(script, request)
	line = powerShellCommand(scripts.SourceLiteral(packed))
	if len(line) <= maxLine {
		return line, nil
	}
	return powerShellCommand(scripts.SourceStdin), []byte(packed)
}

func powerShellCommand(source string) string {
	return powerShell + ` -Command "` + scripts.Bootstrap(source) + `"`
}

// SSHCommand returns the command line by which an SSH server runs a script with
// its request, and what must go to its standard input. It is made of plain words
// alone, so that cmd.exe and PowerShell, either of which may be the login shell,
// both pass it on as it is.
func SSHCommand(script, request string) (line string, input []byte) {
	var raw []byte
	for _, unit := range utf16.Encode([]rune(scripts.Bootstrap(scripts.SourceStdin))) {
		raw = binary.LittleEndian.AppendUint16(raw, unit)
	}
	line = powerShell + " -EncodedCommand " + base64.StdEncoding.EncodeToString(raw)
	return line, []byte(scripts.Pack(script, request))
}

package winhost

import (
	"encoding/base64"
	"fmt"
	"regexp"
	"strings"

	"github.com/amirotate/amirotate/internal/remote/scripts"
	"github.com/amirotate/amirotate/internal/sandbox/machine"
)

// maxLine is the longest command line that cmd.exe takes, in characters.
const maxLine = 8191

// powerShellName is PowerShell at the beginning of a command line.
var powerShellName = regexp.MustCompile(`(?i)^\s*"?(?:[^"\s]*[\\/])?powershell(?:\.exe)?"?(?:\s+|$)`)

// interpret runs a command line; it returns false if it was killed meanwhile.
func (c *Computer) interpret(cmd *command) (outcome, bool) {
	if !cmd.skipsCmd && len([]rune(cmd.line)) > maxLine {
		return failure("The command line is too long."), true
	}
	text, err := powerShellText(cmd.line)
	if err != nil {
		return failure(err.Error()), true
	}
	source, ok := scripts.BootstrapSource(text)
	if !ok {
		return failure(unknownScript(text)), true
	}
	packed, alive := c.packed(cmd, source)
	if !alive {
		return outcome{}, false
	}
	script, request, err := scripts.Unpack(packed)
	if err != nil {
		return failure(err.Error()), true
	}
	switch scripts.Compact(script) {
	case scripts.Compact(scripts.WindowsRead):
		return c.perform(cmd, c.pointOfRead(), request, c.readScript)
	case scripts.Compact(scripts.WindowsReplace):
		return c.perform(cmd, machine.AtPatch, request, c.replaceScript)
	case scripts.Compact(scripts.WindowsRun):
		return c.perform(cmd, machine.AtRun, request, func(request, _ string) printed { return c.runScript(cmd.life, request) })
	case scripts.Compact(scripts.WindowsFind):
		return c.perform(cmd, "", request, c.findScript)
	}
	return failure(unknownScript(script)), true
}

func failure(message string) outcome {
	return outcome{stderr: []byte(message + "\r\n"), exitCode: 1}
}

func unknownScript(text string) string {
	first, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return fmt.Sprintf("this host of amirotate's sandbox has no PowerShell: it knows only the scripts that amirotate ships, not %q",
		first[:min(len(first), 80)])
}

// packed returns the packed script from where the bootstrap takes it.
func (c *Computer) packed(cmd *command, source string) (text string, alive bool) {
	if source == scripts.SourceStdin {
		input, alive := cmd.readInput()
		return string(input), alive
	}
	if name, ok := strings.CutPrefix(source, "$env:"); ok {
		return valueOf(cmd.shell.variable, name), true
	}
	return strings.Trim(source, "'"), true
}

// powerShellText returns the commands that a command line gives to PowerShell.
func powerShellText(line string) (string, error) {
	name := powerShellName.FindString(line)
	if name == "" {
		return "", fmt.Errorf("this host of amirotate's sandbox runs powershell.exe and nothing else, not %q", line[:min(len(line), 80)])
	}
	args := splitArguments(line[len(name):])
	for i, arg := range args {
		option := strings.ToLower(strings.TrimLeft(arg, "-/"))
		switch {
		case option == arg || option == "": // a value, or a lone dash
		case strings.HasPrefix("encodedcommand", option) || option == "ec" || option == "enc":
			if i+1 < len(args) {
				return decodeCommand(args[i+1])
			}
		case strings.HasPrefix("command", option):
			return strings.Join(args[i+1:], " "), nil
		}
	}
	return "", fmt.Errorf("this host of amirotate's sandbox needs PowerShell's -Command or -EncodedCommand")
}

func decodeCommand(encoded string) (string, error) {
	raw, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil || len(raw)%2 != 0 {
		return "", fmt.Errorf("cannot process the command because the value specified with -EncodedCommand is not properly encoded")
	}
	return fromUTF16LE(raw), nil
}

// splitArguments splits as Windows' C runtime does: at white space outside of
// double quotes; backslashes count only before a quote.
func splitArguments(line string) []string {
	var args []string
	var arg strings.Builder
	quoted, begun, slashes := false, false, 0
	flush := func() {
		if begun {
			args = append(args, arg.String())
		}
		arg.Reset()
		begun = false
	}
	for _, r := range line {
		if r == '\\' {
			slashes++
			begun = true
			continue
		}
		if r == '"' {
			arg.WriteString(strings.Repeat(`\`, slashes/2))
			if slashes%2 == 1 {
				arg.WriteRune(r)
			} else {
				quoted = !quoted
			}
			slashes, begun = 0, true
			continue
		}
		arg.WriteString(strings.Repeat(`\`, slashes))
		slashes = 0
		if !quoted && (r == ' ' || r == '\t' || r == '\r' || r == '\n') {
			flush()
			continue
		}
		arg.WriteRune(r)
		begun = true
	}
	arg.WriteString(strings.Repeat(`\`, slashes))
	flush()
	return args
}

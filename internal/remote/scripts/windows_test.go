package scripts

import (
	"maps"
	"strings"
	"testing"
)

// fileScripts have a region in common.
var fileScripts = map[string]string{"read.ps1": WindowsRead, "replace.ps1": WindowsReplace, "find.ps1": WindowsFind}

func allWindowsScripts() map[string]string {
	all := maps.Clone(fileScripts)
	all["run.ps1"] = WindowsRun
	return all
}

// region returns what stands between a script's marks of the shared region.
func region(t *testing.T, script string) string {
	t.Helper()
	_, rest, ok := strings.Cut(script, "#region shared")
	shared, _, ok2 := strings.Cut(rest, "#endregion shared")
	if !ok || !ok2 {
		t.Fatal("no shared region")
	}
	return shared
}

func TestSharedRegionIsTheSame(t *testing.T) {
	for name, script := range fileScripts {
		if region(t, WindowsRead) != region(t, script) {
			t.Errorf("read.ps1 and %s differ between #region shared and #endregion shared", name)
		}
	}
}

// What Windows PowerShell 5.1 would misread: it takes a script without a mark of
// byte order for the machine's code page.
func TestWindowsScriptsAreASCII(t *testing.T) {
	for name, script := range allWindowsScripts() {
		for i, r := range script {
			if r > '~' || r < ' ' && r != '\n' {
				t.Errorf("%s: %q at byte %d", name, r, i)
			}
		}
		// Compact knows no here-strings and only help that fills its lines.
		for i, line := range strings.Split(script, "\n") {
			trimmed := strings.TrimSpace(line)
			if strings.HasSuffix(trimmed, "@'") || strings.HasSuffix(trimmed, `@"`) ||
				strings.Contains(trimmed, "<#") && trimmed != "<#" || strings.Contains(trimmed, "#>") && trimmed != "#>" {
				t.Errorf("%s:%d: %s", name, i+1, line)
			}
		}
	}
}

func TestCompact(t *testing.T) {
	for _, tt := range []struct{ script, want string }{
		{"", "\n"},
		{"<#\nhelp\n#>\nparam($x)\n\n# why\n    $y = 1 # kept\n", "param($x)\n$y = 1 # kept\n"},
		{"<# one line #>\n$x", "$x\n"},
	} {
		if got := Compact(tt.script); got != tt.want {
			t.Errorf("%q: %q, want %q", tt.script, got, tt.want)
		}
	}
	for _, script := range allWindowsScripts() {
		compact := Compact(script)
		if Compact(compact) != compact {
			t.Error("compacting twice changes it")
		}
		if !strings.HasPrefix(compact, "param(") {
			t.Errorf("param is not the first statement: %.40q", compact)
		}
	}
}

func TestPackFitsIntoACommandLine(t *testing.T) {
	const lineWithoutScript = 800
	for name, script := range allWindowsScripts() {
		if n := len(Pack(Compact(script), "{}")); n > 8191-lineWithoutScript-2000 {
			t.Errorf("%s packs to %d characters, which leaves no room for a certificate", name, n)
		}
	}
}

func TestBootstrapSource(t *testing.T) {
	for _, source := range []string{SourceStdin, SourceEnvironment, SourceLiteral("QUJD")} {
		if got, ok := BootstrapSource(" " + Bootstrap(source) + "\r\n"); !ok || got != source {
			t.Errorf("%q, %v", got, ok)
		}
	}
	for _, command := range []string{"", "Get-Date", Bootstrap(SourceStdin) + "; Get-Date"} {
		if source, ok := BootstrapSource(command); ok {
			t.Errorf("%q has the source %q", command, source)
		}
	}
	if strings.ContainsAny(Bootstrap(SourceStdin), "\"%\n") {
		t.Error("the bootstrap cannot stand in double quotes on a command line")
	}
}

func FuzzUnpack(f *testing.F) {
	f.Add("script\nof lines", "{}")
	f.Add("", "")
	f.Fuzz(func(t *testing.T, script, request string) {
		packed := Pack(script, request)
		gotScript, gotRequest, err := Unpack("\ufeff" + packed + "\r\n")
		if strings.Contains(request, "\n") {
			return
		}
		if err != nil || gotScript != script || gotRequest != request {
			t.Errorf("%q, %q, %v", gotScript, gotRequest, err)
		}
		_, _, _ = Unpack(script) // whatever it is, it is refused or read
	})
}

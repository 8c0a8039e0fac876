package docs_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/amirotate/amirotate/internal/config"
	"github.com/google/go-cmp/cmp"
)

const configurationHead = `# Configuration

<!-- Generated from the code: go test ./docs -run TestConfiguration -update -->

` + "`amirotate.yaml`" + ` in the current folder, or ` + "`--config FILE`" + `. Relative paths count from
the file's folder, ` + "`~/`" + ` is HOME. A flag beats the file; where a key has one it is
named. Unknown keys, wrong types and duplicates are errors with file, line and
column. ` + "`amirotate init`" + ` writes a first file.
`

// The page of all keys is what the code says.
func TestConfiguration(t *testing.T) {
	t.Parallel()
	want := configurationHead + keyList(config.Keys())
	const page = "configuration.md"
	if *update {
		if err := os.WriteFile(page, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(want, read(t, page)); diff != "" {
		t.Errorf("go test ./docs -run TestConfiguration -update writes it anew:\n%s", diff)
	}
}

// keyList has a section for each key at the top. The settings of a platform
// stand there once.
func keyList(keys []config.Key) string {
	var b strings.Builder
	const first = "platforms.linux."
	common := map[string]string{}
	for _, k := range keys {
		if rest, ok := strings.CutPrefix(k.Path, first); ok {
			common[rest] = k.Doc
		}
	}
	section, referred := "", ""
	for _, k := range keys {
		name, below, nested := strings.Cut(k.Path, ".")
		if name = strings.TrimSuffix(name, "[]"); name != section {
			section = name
			fmt.Fprintf(&b, "\n## %s\n\n", name)
		}
		home, rest := homeOf(k.Path)
		if !strings.HasPrefix(k.Path, first) && rest != "" && common[rest] == k.Doc && k.Doc != "" {
			if referred != home {
				fmt.Fprintf(&b, "- every key of `platforms.linux` in `%s`\n", home)
			}
			referred = home
			continue
		}
		if nested {
			name = below
		}
		b.WriteString(keyLine(name, k))
	}
	return b.String()
}

// homeOf splits a key into what holds a platform's settings and the setting.
func homeOf(path string) (home, rest string) {
	for _, home := range []string{"platforms.windows", "overrides[]", "static[]"} {
		if rest, ok := strings.CutPrefix(path, home+"."); ok {
			return home, rest
		}
	}
	return "", ""
}

func keyLine(name string, k config.Key) string {
	kind := k.Type
	if len(k.Values) > 0 {
		kind = "`" + strings.Join(k.Values, "`, `") + "`"
	}
	if len(k.Flags) > 0 {
		kind += "; `" + strings.Join(k.Flags, "`, `") + "`"
	}
	line := fmt.Sprintf("- **`%s`** (%s)", name, kind)
	if k.Doc != "" {
		line += ": " + k.Doc
	}
	if k.Default != "" {
		line += " Default: " + k.Default + "."
	}
	return line + "\n"
}

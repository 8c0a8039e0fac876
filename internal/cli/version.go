package cli

import (
	"cmp"
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// Set at link time for releases; see .ci/release.
var (
	version = ""
	commit  = ""
	built   = "" // RFC 3339; the time of the commit, so that a build can be repeated
)

// build is what this program was built of.
type build struct {
	Version  string `json:"version"`
	Commit   string `json:"commit"`
	Built    string `json:"built"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

func versionCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Tell version, commit and build",
		Long: `version tells what this program was built of: its version, the commit and its
time, the Go release and the platform.

Exit codes: 0 told; 2 bad usage.`,
		Example: `  amirotate version
  amirotate version --json | jq -r .commit`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			b := thisBuild()
			if g.json {
				return json.NewEncoder(g.Stdout).Encode(b)
			}
			_, err := fmt.Fprintf(g.Stdout, "amirotate %s (commit %s of %s) %s %s\n", b.Version, b.Commit, b.Built, b.Go, b.Platform)
			return err
		},
	}
}

func versionText() string { return thisBuild().Version }

func commitText() string { return thisBuild().Commit }

// thisBuild takes what the linker was told, else what Go notes of the module
// and the repository.
func thisBuild() build {
	b := build{Version: version, Commit: commit, Built: built, Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	noted := map[string]string{}
	if info, ok := debug.ReadBuildInfo(); ok {
		b.Version = cmp.Or(b.Version, info.Main.Version)
		for _, s := range info.Settings {
			noted[s.Key] = s.Value
		}
	}
	b.Version = cmp.Or(b.Version, "(devel)")
	b.Commit = cmp.Or(b.Commit, noted["vcs.revision"], "unknown")
	b.Built = cmp.Or(b.Built, noted["vcs.time"], "unknown")
	return b
}

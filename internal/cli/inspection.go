package cli

import (
	"slices"

	"github.com/amirotate/amirotate/internal/config"
	"github.com/amirotate/amirotate/internal/rotate"
)

// windowsPlatform is what EC2, and the configuration, call it.
const windowsPlatform = "windows"

// inspection is what is looked at on hosts of a platform besides the files.
func (in *inputs) inspection(c *config.Config, platform string, p config.Platform) rotate.Inspection {
	n := rotate.Inspection{Windows: platform == windowsPlatform, StunnelConf: p.StunnelConf, StunnelDir: p.StunnelDir,
		LookIn: p.FoldersToLookIn(platform)}
	for _, f := range p.Files {
		for _, path := range pairOf(c, f).old {
			if size := int64(len(in.files[path].Bytes())); !slices.Contains(n.Sizes, size) {
				n.Sizes = append(n.Sizes, size)
			}
		}
	}
	return n
}

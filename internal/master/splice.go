package master

import (
	"strings"

	"github.com/amirotate/amirotate/internal/cert"
)

// splice returns what a file that holds a certificate and its key becomes: the
// new ones in the places of the old, and every other line as it was, such as
// DH parameters and comments. Further certificates of the old chain go; without a
// new key the old one stays.
func splice(content []byte, parsed *cert.File, certificate, key []byte) []byte {
	blocks := map[int][]byte{} // by the line of BEGIN
	for i, c := range parsed.Certificates {
		blocks[c.Line] = nil
		if i == 0 {
			blocks[c.Line] = certificate
		}
	}
	for i, k := range parsed.Keys {
		if key == nil {
			break // it stays
		}
		blocks[k.Line] = nil
		if i == 0 {
			blocks[k.Line] = key
		}
	}
	var out strings.Builder
	skipping := false
	for i, line := range strings.SplitAfter(string(content), "\n") {
		if block, begins := blocks[i+1]; begins {
			skipping = true
			out.Write(lineEnded(block))
		}
		if !skipping {
			out.WriteString(line)
		}
		if skipping && strings.HasPrefix(strings.TrimSpace(line), "-----END ") {
			skipping = false
		}
	}
	return []byte(out.String())
}

func lineEnded(block []byte) []byte {
	if len(block) > 0 && block[len(block)-1] != '\n' {
		return append(append([]byte{}, block...), '\n')
	}
	return block
}

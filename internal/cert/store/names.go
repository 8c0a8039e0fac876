package store

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
)

// ownNames are those of a store's link and of the beginning of its generations.
type ownNames struct{ current, generation string }

// namesFor gives a folder's own files, by Docker's names, the plain ones. Files
// that somebody named get names of their own: several pairs may lie in one
// folder, and the generation of one has no room for another.
func namesFor(dir string, files map[string]string, named bool) ownNames {
	if !named {
		return ownNames{".amirotate-current", ".amirotate-generation-"}
	}
	h := sha256.New()
	for _, item := range slices.Sorted(maps.Keys(files)) {
		path := files[item]
		if filepath.Dir(path) == dir {
			path = filepath.Base(path) // the folder may be moved
		}
		fmt.Fprintf(h, "%q=%q\n", item, path)
	}
	id := hex.EncodeToString(h.Sum(nil)[:4])
	return ownNames{".amirotate-current-" + id, ".amirotate-pair-" + id + "-"}
}

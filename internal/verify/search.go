package verify

// Search says where on a host to look for files, and for which.
type Search struct {
	Folders []string // absolute; * and ? stand for any part of a name
	Depth   int      // levels to go down; 1 is the files of the folders themselves
	Sizes   []int64  // bytes; none: any size up to 1 MiB, and links to files too
	Most    int      // files to report at most
}

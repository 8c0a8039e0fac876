// Command amirotate replaces a certificate on the AMIs of a Buildbot slave list.
package main

import (
	"os"

	"github.com/amirotate/amirotate/internal/cli"
)

func main() { os.Exit(cli.Main()) }

// Package docs_test holds the documentation to the program: every code block is
// run or parsed, every key, code and link is there.
package docs_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/amirotate/amirotate/internal/cli"
)

var update = flag.Bool("update", false, "write the pages that are generated")

// The test is the program itself where a code block runs it.
func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == "amirotate" {
		os.Exit(cli.Main())
	}
	flag.Parse()
	os.Exit(m.Run())
}

// pages are the README and all pages of this folder.
func pages(t *testing.T) []string {
	t.Helper()
	found, err := filepath.Glob("*.md")
	if err != nil || len(found) == 0 {
		t.Fatalf("no pages: %v", err)
	}
	return append([]string{"../README.md"}, found...)
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

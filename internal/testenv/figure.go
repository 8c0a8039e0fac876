package testenv

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Figure logs what a test has counted or drawn. go test does not show the log of
// a test that passes, so where AMIROTATE_FIGURES names a folder it is kept there,
// too, in a file for each test, for test.sh to print.
func Figure(t testing.TB, format string, args ...any) {
	t.Helper()
	text := fmt.Sprintf(format, args...)
	t.Log(text)
	folder := os.Getenv("AMIROTATE_FIGURES")
	if folder == "" {
		return
	}
	name := strings.TrimSuffix(filepath.Base(os.Args[0]), ".test") + "." + strings.ReplaceAll(t.Name(), "/", ".")
	f, err := os.OpenFile(filepath.Join(folder, name), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := fmt.Fprintln(f, text); err != nil {
		t.Fatal(err)
	}
}

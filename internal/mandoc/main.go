// Command mandoc writes the manual pages and the shells' completions into a
// folder: man1/*.1, and completions in bash, zsh, fish and powershell.
//
//	go run ./internal/mandoc DIR
//
// The date of the pages is SOURCE_DATE_EPOCH's (seconds since 1970), so that
// they are the same whenever they are written.
package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/amirotate/amirotate/internal/cli"
	"github.com/spf13/cobra"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "mandoc: cannot write anything: name one folder")
		os.Exit(2)
	}
	if err := write(os.Args[1], os.Getenv("SOURCE_DATE_EPOCH")); err != nil {
		fmt.Fprintln(os.Stderr, "mandoc:", err)
		os.Exit(1)
	}
}

func write(dir, epoch string) error {
	seconds, err := strconv.ParseInt(epoch, 10, 64)
	if err != nil {
		return fmt.Errorf("cannot read SOURCE_DATE_EPOCH: %w", err)
	}
	root := cli.Commands()
	if err := pages(root, filepath.Join(dir, "man1"), time.Unix(seconds, 0).UTC()); err != nil {
		return err
	}
	return completions(root, dir)
}

func pages(cmd *cobra.Command, dir string, date time.Time) error {
	if err := writeFile(filepath.Join(dir, dashed(cmd)+".1"), []byte(page(cmd, date))); err != nil {
		return err
	}
	for _, sub := range cmd.Commands() {
		if err := pages(sub, dir, date); err != nil {
			return err
		}
	}
	return nil
}

func completions(root *cobra.Command, dir string) error {
	for name, generate := range map[string]func(io.Writer) error{
		"bash/amirotate":           func(w io.Writer) error { return root.GenBashCompletionV2(w, true) },
		"zsh/_amirotate":           root.GenZshCompletion,
		"fish/amirotate.fish":      func(w io.Writer) error { return root.GenFishCompletion(w, true) },
		"powershell/amirotate.ps1": root.GenPowerShellCompletionWithDesc,
	} {
		var script bytes.Buffer
		if err := generate(&script); err != nil {
			return fmt.Errorf("cannot generate %s: %w", name, err)
		}
		if err := writeFile(filepath.Join(dir, name), script.Bytes()); err != nil {
			return err
		}
	}
	return nil
}

func writeFile(path string, data []byte) error {
	err := os.MkdirAll(filepath.Dir(path), 0o755)
	if err == nil {
		err = os.WriteFile(path, data, 0o644)
	}
	if err != nil {
		return fmt.Errorf("cannot write %s: %w", path, err)
	}
	return nil
}

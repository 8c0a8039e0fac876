package cli

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"
	"time"
)

// TestCertVersionChangesNothing: another version of the program keeps what an
// earlier one made.
func TestCertVersionChangesNothing(t *testing.T) {
	was := version
	t.Cleanup(func() { version = was })
	dir := t.TempDir()
	for i, v := range []string{"1.0.0", "1.0.0", "2.0.0", "0.9.0-rc1"} {
		version = v
		var out bytes.Buffer
		p := &Process{Dir: dir, Getenv: func(string) string { return "" }, Stdout: &out, Stderr: io.Discard, Now: time.Now}
		code := Run(context.Background(), p, []string{"cert", "ensure", "--cert", "a.pem", "--key", "a-key.pem", "--subject", "CN=a"})
		if made := strings.Contains(out.String(), "made"); code != 0 || made != (i == 0) {
			t.Errorf("version %s: exit code %d, %s", v, code, out.String())
		}
	}
}

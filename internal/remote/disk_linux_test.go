package remote

import (
	"encoding/binary"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/amirotate/amirotate/internal/testenv"
	"github.com/amirotate/amirotate/internal/verify"
)

func TestLocalFullDisk(t *testing.T) {
	dir := testenv.Tmpfs(t, "size=32k")
	path := filepath.Join(dir, "list")
	write(t, path, oldText, 0o644)
	big := change(path)
	big.New = []byte(strings.Repeat("x", 64<<10))
	_, err := Local{}.ReplaceKeeping(t.Context(), big, "list.previous")
	if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "as it was") {
		t.Errorf("%v", err)
	}
	if got := names(t, dir); content(t, path) != oldText || len(got) != 1 {
		t.Errorf("%q holds %q", got, content(t, path))
	}

	// The same on a host, by the script.
	for _, shell := range shells {
		h := shellHost(t, shell)
		_, err := h.Replace(t.Context(), []verify.Change{big})
		if err == nil || outcomeOf(err) != 0 || !strings.Contains(fmt.Sprint(err), path) {
			t.Errorf("%s: %v", shell, err)
		}
		if got := names(t, dir); content(t, path) != oldText || len(got) != 1 {
			t.Errorf("%s: %q holds %q", shell, got, content(t, path))
		}
	}
}

// TestAccessListIsKept gives a file an access list that lets user 1234 read it.
func TestAccessListIsKept(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "cert")
	for _, shell := range append(shells, nil) {
		write(t, path, oldText, 0o600)
		list := []byte{2, 0, 0, 0}
		for _, entry := range [][3]uint32{{1, 6, 1<<32 - 1}, {2, 4, 1234}, {4, 0, 1<<32 - 1}, {16, 4, 1<<32 - 1}, {32, 0, 1<<32 - 1}} {
			list = binary.LittleEndian.AppendUint16(list, uint16(entry[0])) // tag
			list = binary.LittleEndian.AppendUint16(list, uint16(entry[1])) // permissions
			list = binary.LittleEndian.AppendUint32(list, entry[2])         // who
		}
		if err := syscall.Setxattr(path, "system.posix_acl_access", list, 0); err != nil {
			testenv.Missing(t, fmt.Errorf("the file system has no access lists: %w", err))
		}
		var host Host = Local{}
		if shell != nil {
			host = shellHost(t, shell)
		}
		if _, err := host.Replace(t.Context(), []verify.Change{change(path)}); err != nil {
			t.Errorf("%v: %v", shell, err)
		}
		kept, err := attribute(path, "system.posix_acl_access")
		if err != nil || kept != string(list) || content(t, path) != newText {
			t.Errorf("%v: access list %x, want %x: %v", shell, kept, list, err)
		}
	}
}

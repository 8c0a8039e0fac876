package cli_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

// A rollback to images that hold the new certificate, too, as after a rebake,
// leaves the master its pair: nobody would trust the old one any more.
func TestRollbackOfARebake(t *testing.T) {
	t.Parallel()
	w := startMasterFarm(t, "{}")
	w.MustRun(0, "rotate")
	first := w.Read("slave-list.txt")
	w.Write("amirotate.yaml", string(w.Read("amirotate.yaml"))+"epoch: next\n")
	w.MustRun(0, "rotate")
	if bytes.Equal(w.Read("slave-list.txt"), first) {
		t.Fatal("nothing was rebaked")
	}
	_, before := w.Sandbox.Master().Restarts()
	w.MustRun(0, "rollback")
	w.isSwitched()
	if _, after := w.Sandbox.Master().Restarts(); after != before+1 || !bytes.Equal(w.Read("slave-list.txt"), first) {
		t.Errorf("%d restarts of the buildmaster, and the list is\n%s\nwant\n%s", after-before, w.Read("slave-list.txt"), first)
	}
	if r := w.MustRun(0, "rollback"); !strings.Contains(r.Stdout, "put back before") || slices.Contains(w.folder(), "bot-cert.pem.amirotate-unfinished") {
		t.Errorf("again: %s, %q", r.Stdout, w.folder())
	}
	w.isSwitched()
}

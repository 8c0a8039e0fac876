package ec2ops

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/amirotate/amirotate/internal/cloud"
)

// TestLedgerPatience: what was just made may be unknown for two minutes, what
// has been seen only for a few seconds more, anything else not at all.
func TestLedgerPatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLedger()
		isNew := func(id string) bool { return l.isNew(id, 2*time.Minute, 10*time.Second) }
		l.madeNow("i-unseen")
		l.madeNow("i-seen")
		time.Sleep(time.Minute)
		l.saw("i-seen")
		l.saw("i-stranger")
		if !isNew("i-unseen") || !isNew("i-seen") || isNew("i-stranger") {
			t.Error("after a minute, seen just now")
		}
		time.Sleep(10 * time.Second)
		l.saw("i-seen")
		l.madeNow("i-unseen") // a repeated launch under the same token
		if !isNew("i-unseen") || isNew("i-seen") {
			t.Error("ten seconds after it was seen")
		}
		time.Sleep(50 * time.Second)
		if isNew("i-unseen") {
			t.Error("after two minutes")
		}
		if !l.made("i-seen") || l.made("i-stranger") {
			t.Error("it forgot what was made")
		}
	})
}

func TestLedgerHoldings(t *testing.T) {
	l := newLedger()
	l.hold(cloud.Instance{ID: "i-stranger"}, holdings{attached: true})
	l.hold(cloud.Instance{ID: "i-ours", Tags: map[string]string{cloud.TagRole: cloud.RoleProver}}, holdings{attached: true, outliving: []string{"/dev/sdf"}})
	l.madeNow("i-made")
	l.hold(cloud.Instance{ID: "i-made"}, holdings{spotRequest: "sir-1"})
	l.hold(cloud.Instance{ID: "i-made"}, holdings{attached: true, spotRequest: "sir-1"})
	l.hold(cloud.Instance{ID: "i-made"}, holdings{spotRequest: "sir-1"}) // shutting down, its volumes gone
	if l.holdings("i-stranger").attached {
		t.Error("keeps a stranger's")
	}
	if h := l.holdings("i-ours"); len(h.outliving) != 1 {
		t.Errorf("ours: %+v", h)
	}
	if h := l.holdings("i-made"); !h.attached || h.spotRequest != "sir-1" {
		t.Errorf("made: %+v", h)
	}
}

package report

import "github.com/amirotate/amirotate/internal/runlog"

// addMaster adds what became of the buildmaster, and the files that a search on
// the images has found.
func (p *page) addMaster(run *runlog.Run) {
	if !run.Ended() {
		return
	}
	if p.Master = run.Summary.Master; p.Master != nil {
		c := p.Master.Certificate
		p.Files = append(p.Files, fileRow{"master " + p.Master.Address, runlog.FileLooked{Path: c.Path, Before: c.Before, After: c.After}})
	}
	for _, img := range run.Summary.Images {
		for _, l := range img.LookAlikes {
			p.LookAlikes = append(p.LookAlikes, fileRow{img.Source, runlog.FileLooked{Path: l.Path, Before: runlog.Digests{MD5: l.MD5}}})
		}
	}
}

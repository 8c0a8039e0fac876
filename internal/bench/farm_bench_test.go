package bench

import (
	"cmp"
	"slices"
	"testing"
	"time"
)

// The benchmarks are to be run with -benchtime 1x: a rotation is the unit. What
// they report as ratio is the time until the list was rewritten by the bound; of
// several runs, the one in the middle.

func benchmarkFarm(b *testing.B, c farmCase, runs int) {
	program := buildProgram(b)
	for b.Loop() {
		outcomes := make([]outcome, runs)
		for i := range outcomes {
			outcomes[i] = c.rotate(b, c.start(b), process(program))
		}
		slices.SortFunc(outcomes, func(x, y outcome) int { return cmp.Compare(x.ratio(), y.ratio()) })
		o := outcomes[runs/2]
		b.Log(o)
		if runs > 1 {
			b.Logf("the middle one of %d runs; ratios from %.3f to %.3f", runs, outcomes[0].ratio(), outcomes[runs-1].ratio())
		}
		b.ReportMetric(o.ratio(), "ratio")
		b.ReportMetric(o.perImage(), "calls/image")
		b.ReportMetric(float64(o.late), "refused")
		b.ReportMetric(float64(o.memory>>20), "MB")
		b.ReportMetric(o.cpu.Seconds(), "cpu-s")
	}
}

// BenchmarkIncident is the outage in real time: five minutes.
func BenchmarkIncident(b *testing.B) { benchmarkFarm(b, incident(4, 1), 1) }

// BenchmarkIncidentScaled is the same twenty times as fast.
func BenchmarkIncidentScaled(b *testing.B) { benchmarkFarm(b, incident(4, 0.05), 1) }

func Benchmark26(b *testing.B)   { benchmarkFarm(b, incident(26, 0.1), 3) }
func Benchmark100(b *testing.B)  { benchmarkFarm(b, incident(100, 0.1), 1) }
func Benchmark1000(b *testing.B) { benchmarkFarm(b, incident(1000, 0.2), 1) }

// BenchmarkPinned is a farm whose host keys need no look at the console.
func BenchmarkPinned26(b *testing.B)   { benchmarkFarm(b, pinned(incident(26, 0.1)), 3) }
func BenchmarkPinned100(b *testing.B)  { benchmarkFarm(b, pinned(incident(100, 0.1)), 3) }
func BenchmarkPinned1000(b *testing.B) { benchmarkFarm(b, pinned(incident(1000, 0.2)), 1) }

func pinned(c farmCase) farmCase {
	c.trust = "accept-new"
	return c
}

// BenchmarkOneSlow is one Windows image, which boots for three minutes, among
// fast ones.
func BenchmarkOneSlow(b *testing.B) {
	c := incident(10, 0.05)
	c.slow = 180 * time.Second
	benchmarkFarm(b, c, 1)
}

package bench

import (
	"os"
	"os/exec"
	"testing"
)

// BenchmarkStart is how long the program takes to start and end, and its size.
func BenchmarkStart(b *testing.B) {
	program := buildProgram(b)
	info, err := os.Stat(program)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if out, err := exec.CommandContext(b.Context(), program, "--version").CombinedOutput(); err != nil {
			b.Fatalf("%v\n%s", err, out)
		}
	}
	b.ReportMetric(float64(info.Size())/(1<<20), "MB")
	b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N), "ms/start")
}

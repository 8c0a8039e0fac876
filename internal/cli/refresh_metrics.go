package cli

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/amirotate/amirotate/internal/rotate"
	"github.com/google/renameio/v2/maybe"
)

// gauge is a metric of a refresh.
type gauge struct {
	name, help string
	value      int64
}

// metricSuccess is when a refresh last ended well; the file hands it on.
const metricSuccess = "amirotate_refresh_last_success_timestamp_seconds"

// writeMetrics writes how a refresh ended, for the node exporter's textfile
// collector, which may read the file at any time. What is not known is left out.
// Nothing is written of a refresh that was interrupted: it is neither.
func (r *refreshing) writeMetrics(path string, err error) error {
	code := exitCode(err)
	if path == "" || code == exitInterrupted {
		return nil
	}
	now := r.Now().Unix()
	gauges := []gauge{
		{"amirotate_refresh_last_run_timestamp_seconds", "When the last refresh ended, in seconds since 1970.", now},
		{"amirotate_refresh_success", "1 if the last refresh ended well.", boolean(code == exitOK)},
		{"amirotate_refresh_exit_code", "The exit code of the last refresh.", int64(code)},
	}
	success, known := lastSuccess(path, r.label())
	if code == exitOK {
		success, known = now, true
	}
	if known {
		gauges = append(gauges, gauge{metricSuccess, "When a refresh last ended well, in seconds since 1970.", success})
	}
	if !r.notAfter.IsZero() {
		gauges = append(gauges, gauge{"amirotate_certificate_not_after_timestamp_seconds", "When the certificate to be put in place ends, in seconds since 1970.", r.notAfter.Unix()})
	}
	if r.plan != nil {
		gauges = append(gauges,
			gauge{"amirotate_images", "How many images the slave list names.", int64(len(r.plan.Images))},
			gauge{"amirotate_images_behind", "How many of them lack the current patch.", int64(r.behind())})
	}
	if err := maybe.WriteFile(path, r.exposition(gauges), 0o644); err != nil {
		return fmt.Errorf("cannot write %s: %w", path, err)
	}
	return nil
}

func boolean(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// behind counts the images of the list, as it now is, without the current patch.
func (r *refreshing) behind() int {
	behind := 0
	for i, img := range r.plan.Images {
		current := img.Action == rotate.None
		if r.result != nil && r.result.ListRewritten {
			status := r.result.Images[i].Status
			current = current || status == rotate.StatusReplaced || status == rotate.StatusReused
		}
		if !current {
			behind++
		}
	}
	return behind
}

// label tells the lists of one machine apart.
func (r *refreshing) label() string {
	list := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(strings.ToValidUTF8(r.config.SlaveList, "\uFFFD"))
	return `{list="` + list + `"}`
}

// exposition is Prometheus' text format.
func (r *refreshing) exposition(gauges []gauge) []byte {
	var text bytes.Buffer
	for _, m := range gauges {
		fmt.Fprintf(&text, "# HELP %s %s\n# TYPE %s gauge\n%s%s %d\n", m.name, m.help, m.name, m.name, r.label(), m.value)
	}
	return text.Bytes()
}

// lastSuccess reads when a refresh last ended well from the file that an earlier
// one has written.
func lastSuccess(path, label string) (at int64, known bool) {
	data, err := os.ReadFile(path)
	if err != nil {
		return 0, false
	}
	for line := range strings.Lines(string(data)) {
		if rest, ok := strings.CutPrefix(line, metricSuccess+label+" "); ok {
			at, err = strconv.ParseInt(strings.TrimSpace(rest), 10, 64)
			return at, err == nil
		}
	}
	return 0, false
}

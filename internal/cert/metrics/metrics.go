// Package metrics writes what is known of certificates as a file for the
// node exporter's textfile collector, with the metric names of the x509
// certificate exporter, so that its dashboards and alerts work unchanged.
package metrics

import (
	"fmt"
	"io"
	"maps"
	"math/big"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/amirotate/amirotate/internal/cert"
)

// Write writes the metrics of infos and the number of sources that could not be
// read. The caller puts the file in place atomically, since the collector may
// read it at any time. Equal series, which would make the collector refuse the
// whole file, are written once.
func Write(w io.Writer, infos []cert.Info, readErrors int, now time.Time) error {
	var out strings.Builder
	family(&out, "x509_cert_not_before", "When the certificate becomes valid, in seconds since 1970.", known(infos), func(i cert.Info) int64 { return i.NotBefore.Unix() })
	family(&out, "x509_cert_not_after", "When the certificate ends, in seconds since 1970.", infos, func(i cert.Info) int64 { return i.NotAfter.Unix() })
	family(&out, "x509_cert_expired", "1 if the certificate has ended.", infos, func(i cert.Info) int64 {
		if now.After(i.NotAfter) {
			return 1
		}
		return 0
	})
	header(&out, "x509_read_errors", "How many certificates could not be read.")
	fmt.Fprintf(&out, "x509_read_errors %d\n", readErrors)
	if _, err := io.WriteString(w, out.String()); err != nil {
		return fmt.Errorf("cannot write metrics: %w", err)
	}
	return nil
}

// known leaves out those whose beginning is not known: an image tells its
// certificate's end alone.
func known(infos []cert.Info) []cert.Info {
	return slices.DeleteFunc(slices.Clone(infos), func(i cert.Info) bool { return i.NotBefore.IsZero() })
}

func header(out *strings.Builder, name, help string) {
	fmt.Fprintf(out, "# HELP %s %s\n# TYPE %s gauge\n", name, help, name)
}

func family(out *strings.Builder, name, help string, infos []cert.Info, value func(cert.Info) int64) {
	if len(infos) == 0 {
		return
	}
	header(out, name, help)
	series := map[string]int64{}
	for _, i := range infos {
		series[labels(i)] = value(i)
	}
	for _, k := range slices.Sorted(maps.Keys(series)) {
		fmt.Fprintf(out, "%s{%s} %d\n", name, k, series[k])
	}
}

func labels(i cert.Info) string {
	pairs := [][2]string{}
	switch i.SourceKind {
	case cert.SourceEndpoint:
		pairs = append(pairs, [2]string{"address", i.Source})
	case cert.SourceStore:
		pairs = append(pairs, [2]string{"store", i.Source})
	case cert.SourceImage:
		return `image="` + escape(i.Source) + `"`
	default:
		pairs = append(pairs, [2]string{"filename", filepath.Base(i.Source)}, [2]string{"filepath", i.Source})
	}
	pairs = append(pairs, [2]string{"serial_number", decimal(i.Serial)})
	pairs = append(pairs, nameLabels("subject", i.SubjectName)...)
	pairs = append(pairs, nameLabels("issuer", i.IssuerName)...)
	texts := make([]string, len(pairs))
	for n, p := range pairs {
		texts[n] = p[0] + `="` + escape(p[1]) + `"`
	}
	return strings.Join(texts, ",")
}

// nameLabels are those that the exporter gives: the parts that are there, the
// last of each sort.
func nameLabels(prefix string, n cert.Name) [][2]string {
	var pairs [][2]string
	for _, part := range []string{"C", "ST", "L", "O", "OU", "CN"} {
		if v := n.Part(part); v != "" {
			pairs = append(pairs, [2]string{prefix + "_" + part, v})
		}
	}
	return pairs
}

// decimal is how the exporter writes serials.
func decimal(hex string) string {
	n, ok := new(big.Int).SetString(hex, 16)
	if !ok {
		return hex
	}
	return n.String()
}

// escape follows the text format: backslash, quote and line feed. Broken UTF-8
// would make the collector refuse the file.
func escape(s string) string {
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(strings.ToValidUTF8(s, "\uFFFD"))
}

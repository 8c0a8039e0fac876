package metrics

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/amirotate/amirotate/internal/cert"
)

const golden = `# HELP x509_cert_not_before When the certificate becomes valid, in seconds since 1970.
# TYPE x509_cert_not_before gauge
x509_cert_not_before{address="bot.example.org:443",serial_number="411008085547683407912289640495597567731831910720",subject_O="Acme",subject_CN="good.example.org",issuer_O="Acme",issuer_CN="good.example.org"} 1795349382
`

// TestWrite compares with the text format: every line is a comment or a series,
// and none stands there twice.
func TestWrite(t *testing.T) {
	f, err := cert.Load("../testdata/good.pem")
	if err != nil {
		t.Fatal(err)
	}
	end := f.Leaf().NotAfter
	odd := cert.Inspect(f, nil, end)[0]
	odd.Source = "/tmp/a \"b\"\\c\nd.pem"
	infos := append(cert.Inspect(f, nil, end), odd, odd)
	for at, want := range map[time.Time]string{end: " 0", end.Add(time.Second): " 1"} {
		var out strings.Builder
		if err := Write(&out, infos, 3, at); err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		for _, line := range strings.Split(strings.TrimSpace(out.String()), "\n") {
			if seen[line] {
				t.Errorf("twice: %s", line)
			}
			seen[line] = true
			if strings.HasPrefix(line, "x509_cert_expired{") && !strings.HasSuffix(line, want) {
				t.Errorf("at %s: %s, want%s", at, line, want)
			}
		}
		for _, want := range []string{"x509_read_errors 3", "# TYPE x509_cert_not_after gauge"} {
			if !seen[want] {
				t.Errorf("no line %q in\n%s", want, out.String())
			}
		}
		if !strings.Contains(out.String(), `filename="a \"b\"\\c\nd.pem"`) || strings.Count(out.String(), "x509_cert_not_after{") != 2 {
			t.Errorf("wrong labels or series:\n%s", out.String())
		}
	}
}

func TestNamesAreTheExporters(t *testing.T) {
	f, err := cert.Load("../testdata/good.pem")
	if err != nil {
		t.Fatal(err)
	}
	infos := cert.Inspect(f, nil, time.Time{})
	infos[0].Source, infos[0].SourceKind = "bot.example.org:443", cert.SourceEndpoint
	var out strings.Builder
	if err := Write(&out, infos, 0, time.Unix(0, 0)); err != nil {
		t.Fatal(err)
	}
	first := strings.Join(strings.SplitAfter(out.String(), "\n")[:3], "")
	if diff := cmp.Diff(golden, first); diff != "" {
		t.Errorf("want -, got +\n%s", diff)
	}
	out.Reset()
	if err := Write(&out, nil, 0, time.Unix(0, 0)); err != nil || !strings.HasSuffix(out.String(), "x509_read_errors 0\n") || strings.Contains(out.String(), "x509_cert_") {
		t.Errorf("nothing read: %v\n%s", err, out.String())
	}
}

// TestImage: of an image only the end is known.
func TestImage(t *testing.T) {
	end := time.Date(2036, 11, 19, 0, 0, 0, 0, time.UTC)
	var out strings.Builder
	if err := Write(&out, []cert.Info{{Source: "ami-7fd23e3b", SourceKind: cert.SourceImage, NotAfter: end}}, 0, end.Add(time.Second)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"x509_cert_not_after{image=\"ami-7fd23e3b\"} 2110665600\n", "x509_cert_expired{image=\"ami-7fd23e3b\"} 1\n"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
	if strings.Contains(out.String(), "x509_cert_not_before{") {
		t.Errorf("a beginning is told:\n%s", out.String())
	}
}

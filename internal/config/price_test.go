package config_test

import (
	"testing"

	"github.com/amirotate/amirotate/internal/config"
	"github.com/google/go-cmp/cmp"
)

func TestPrices(t *testing.T) {
	c := parse(t, "prices:\n  - {type: c3.2xlarge, hour: 0.42}\n  - {type: m3.large, platform: windows, hour: 1}\n")
	want := []config.Price{{Type: "c3.2xlarge", Hour: 0.42}, {Type: "m3.large", Platform: "windows", Hour: 1}}
	if diff := cmp.Diff(want, c.Prices); diff != "" {
		t.Error(diff)
	}
	for _, bad := range []string{"0", "-1", "1e400", ".inf", ".nan", "'1'", "cheap", "[1]", ""} {
		if _, err := config.Parse("c.yaml", []byte("prices:\n  - {type: a, hour: "+bad+"}\n"), getenv); err == nil {
			t.Errorf("%q is no price", bad)
		}
	}
}

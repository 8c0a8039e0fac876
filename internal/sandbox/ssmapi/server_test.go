package ssmapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"github.com/amirotate/amirotate/internal/sandbox/clock"
	"github.com/amirotate/amirotate/internal/sandbox/fault"
	"github.com/amirotate/amirotate/internal/sandbox/scenario"
	"github.com/amirotate/amirotate/internal/sandbox/ssmapi"
)

// server serves no parameters, and returns the real SDK's client and the log.
func server(t *testing.T, faults ...scenario.Fault) (*ssm.Client, string, *bytes.Buffer) {
	t.Helper()
	var log bytes.Buffer
	s := httptest.NewServer(ssmapi.New(ssmapi.Options{Region: "us-west-1", Account: "123456789012", Clock: clock.New(1),
		Faults: fault.New(faults), AccessKey: "AKIATEST", Log: &log}))
	t.Cleanup(s.Close)
	return client(s.URL, "us-west-1", "AKIATEST"), s.URL, &log
}

func client(url, region, key string) *ssm.Client {
	return ssm.New(ssm.Options{Region: region, BaseEndpoint: &url, RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider(key, "secret", "")})
}

func put(t *testing.T, c *ssm.Client, name, value string, change ...func(*ssm.PutParameterInput)) (*ssm.PutParameterOutput, error) {
	t.Helper()
	in := &ssm.PutParameterInput{Name: &name, Value: &value, Type: types.ParameterTypeString}
	for _, f := range change {
		f(in)
	}
	return c.PutParameter(context.Background(), in)
}

func overwrite(in *ssm.PutParameterInput) { in.Overwrite = aws.Bool(true) }
func tier(tier types.ParameterTier) func(*ssm.PutParameterInput) {
	return func(in *ssm.PutParameterInput) { in.Tier = tier }
}

func code(err error) string {
	var answer smithy.APIError
	if errors.As(err, &answer) {
		return answer.ErrorCode()
	}
	return fmt.Sprint(err)
}

func TestVersions(t *testing.T) {
	c, _, _ := server(t)
	for n := int64(1); n <= 105; n++ {
		out, err := put(t, c, "/a/b", fmt.Sprint("value ", n), overwrite)
		if err != nil || out.Version != n || out.Tier != types.ParameterTierStandard {
			t.Fatalf("version %d: %+v, %v", n, out, err)
		}
	}
	for id, want := range map[string]string{
		"/a/b": "value 105", "/a/b:104": "value 104", "/a/b:6": "value 6",
		"arn:aws:ssm:us-west-1:123456789012:parameter/a/b": "value 105",
	} {
		out, err := c.GetParameter(context.Background(), &ssm.GetParameterInput{Name: &id})
		if err != nil || *out.Parameter.Value != want || *out.Parameter.Name != "/a/b" {
			t.Errorf("%s: %v, want %s", id, err, want)
		}
	}
	for id, want := range map[string]string{"/a/b:5": "ParameterVersionNotFound", "/a/b:x": "ParameterVersionNotFound", "/a": "ParameterNotFound", "": "ValidationException"} {
		_, err := c.GetParameter(context.Background(), &ssm.GetParameterInput{Name: &id})
		if got := code(err); got != want && !(id == "" && got == "ParameterNotFound") {
			t.Errorf("%q: %s, want %s", id, got, want)
		}
	}
	history, err := c.GetParameterHistory(context.Background(), &ssm.GetParameterHistoryInput{Name: aws.String("/a/b")})
	if err != nil || len(history.Parameters) != 50 || history.Parameters[0].Version != 6 || history.NextToken == nil {
		t.Errorf("history: %d versions, %v", len(history.Parameters), err)
	}
}

func TestPutRefuses(t *testing.T) {
	c, _, _ := server(t)
	if _, err := put(t, c, "taken", "x", tier(types.ParameterTierAdvanced)); err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("x", 4097)
	for name, test := range map[string]struct {
		parameter, value string
		change           func(*ssm.PutParameterInput)
		want             string
	}{
		"exists":          {"taken", "y", func(*ssm.PutParameterInput) {}, "ParameterAlreadyExists"},
		"downgrade":       {"taken", "y", func(in *ssm.PutParameterInput) { overwrite(in); tier(types.ParameterTierStandard)(in) }, "ValidationException"},
		"no type":         {"new", "y", func(in *ssm.PutParameterInput) { in.Type = "" }, "ValidationException"},
		"unknown type":    {"new", "y", func(in *ssm.PutParameterInput) { in.Type = "Text" }, "UnsupportedParameterType"},
		"too long":        {"new", long, func(*ssm.PutParameterInput) {}, "ValidationException"},
		"much too long":   {"new", long + long, tier(types.ParameterTierIntelligentTiering), "ValidationException"},
		"bad name":        {"a b", "y", overwrite, "ValidationException"},
		"not qualified":   {"a/b", "y", overwrite, "ValidationException"},
		"reserved":        {"/aws/b", "y", overwrite, "ValidationException"},
		"deep":            {strings.Repeat("/a", 16), "y", overwrite, "HierarchyLevelLimitExceededException"},
		"nested":          {"new", "{{ssm:x}}", overwrite, "ValidationException"},
		"key of a string": {"new", "y", func(in *ssm.PutParameterInput) { in.KeyId = aws.String("alias/x") }, "ValidationException"},
		"tags on existing": {"taken", "y", func(in *ssm.PutParameterInput) {
			overwrite(in)
			in.Tags = []types.Tag{{Key: aws.String("a"), Value: aws.String("b")}}
		}, "ValidationException"},
	} {
		if _, err := put(t, c, test.parameter, test.value, test.change); code(err) != test.want {
			t.Errorf("%s: %v, want %s", name, err, test.want)
		}
	}
	out, err := put(t, c, "big", long, tier(types.ParameterTierIntelligentTiering))
	if err != nil || out.Tier != types.ParameterTierAdvanced {
		t.Errorf("a long value: %+v, %v", out, err)
	}
}

func TestSecureString(t *testing.T) {
	c, _, log := server(t)
	secure := func(in *ssm.PutParameterInput) { in.Type = types.ParameterTypeSecureString }
	if _, err := put(t, c, "secret", "hunter2", secure); err != nil {
		t.Fatal(err)
	}
	for decrypt, want := range map[bool]bool{false: false, true: true} {
		out, err := c.GetParameters(context.Background(), &ssm.GetParametersInput{Names: []string{"secret", "none"}, WithDecryption: &decrypt})
		if err != nil || len(out.Parameters) != 1 || (*out.Parameters[0].Value == "hunter2") != want {
			t.Errorf("decrypted: %v: %v, %v", decrypt, out, err)
		}
		if diff := cmp.Diff([]string{"none"}, out.InvalidParameters); diff != "" {
			t.Error(diff)
		}
	}
	if strings.Contains(log.String(), "hunter2") || !strings.Contains(log.String(), `"action":"PutParameter"`) {
		t.Errorf("the log: %s", log)
	}
}

func TestPathsFiltersAndDeletion(t *testing.T) {
	c, _, _ := server(t)
	for n := range 12 {
		if _, err := put(t, c, fmt.Sprintf("/farm/%02d/key", n), "x"); err != nil {
			t.Fatal(err)
		}
	}
	put(t, c, "/farm/top", "x")
	put(t, c, "/farmer", "x")
	count := func(recursive bool) (n, pages int) {
		p := ssm.NewGetParametersByPathPaginator(c, &ssm.GetParametersByPathInput{Path: aws.String("/farm"), Recursive: &recursive})
		for ; p.HasMorePages(); pages++ {
			page, err := p.NextPage(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			n += len(page.Parameters)
		}
		return n, pages
	}
	if n, pages := count(true); n != 13 || pages != 2 {
		t.Errorf("%d below the path in %d pages", n, pages)
	}
	if n, _ := count(false); n != 1 {
		t.Errorf("%d in the path", n)
	}
	found, err := c.DescribeParameters(context.Background(), &ssm.DescribeParametersInput{ParameterFilters: []types.ParameterStringFilter{
		{Key: aws.String("Name"), Option: aws.String("BeginsWith"), Values: []string{"/farm/0"}}, {Key: aws.String("Type"), Values: []string{"String"}}}})
	if err != nil || len(found.Parameters) != 10 || found.Parameters[0].Version != 1 {
		t.Errorf("%d match the filter, %v", len(found.Parameters), err)
	}
	gone, err := c.DeleteParameters(context.Background(), &ssm.DeleteParametersInput{Names: []string{"/farm/top", "/none"}})
	if err != nil || len(gone.DeletedParameters) != 1 || len(gone.InvalidParameters) != 1 {
		t.Errorf("deleted: %+v, %v", gone, err)
	}
	if _, err := c.DeleteParameter(context.Background(), &ssm.DeleteParameterInput{Name: aws.String("/farm/top")}); code(err) != "ParameterNotFound" {
		t.Errorf("deleted twice: %v", err)
	}
	if out, err := put(t, c, "/farm/top", "x"); err != nil || out.Version != 1 {
		t.Errorf("made again: %+v, %v", out, err)
	}
}

func TestWhoAsks(t *testing.T) {
	c, url, _ := server(t)
	for want, c := range map[string]*ssm.Client{
		"ParameterNotFound": c, "UnrecognizedClientException": client(url, "us-west-1", "AKIAOTHER"), "InvalidSignatureException": client(url, "us-east-1", "AKIATEST"),
	} {
		if _, err := c.GetParameter(context.Background(), &ssm.GetParameterInput{Name: aws.String("x")}); code(err) != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
	for target, want := range map[string]string{"GetParameter": "MissingAuthenticationTokenException"} {
		r, _ := http.NewRequest(http.MethodPost, url, strings.NewReader("{}"))
		r.Header.Set("X-Amz-Target", "AmazonSSM."+target)
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(answer.Body)
		answer.Body.Close()
		if answer.StatusCode != 400 || !strings.Contains(string(text), want) {
			t.Errorf("%s: %s %s", target, answer.Status, text)
		}
	}
	if _, err := c.ListDocuments(context.Background(), &ssm.ListDocumentsInput{}); code(err) != "UnknownOperationException" {
		t.Errorf("an action that is not served: %v", err)
	}
}

func TestFaults(t *testing.T) {
	c, _, log := server(t,
		scenario.Fault{Action: "PutParameter", Error: "ThrottlingException", Nth: 1, Repeat: 1},
		scenario.Fault{Action: "PutParameter", Error: scenario.LostResponse, Nth: 2, Repeat: 1},
		scenario.Fault{Action: "PutParameter", Error: scenario.Reset, Nth: 3, Repeat: 1})
	if _, err := put(t, c, "a", "x"); code(err) != "ThrottlingException" {
		t.Errorf("throttled: %v", err)
	}
	if _, err := put(t, c, "b", "x"); err == nil {
		t.Error("the answer was not lost")
	}
	if _, err := put(t, c, "b", "x"); err == nil {
		t.Error("the connection was not cut")
	}
	if _, err := put(t, c, "b", "x"); code(err) != "ParameterAlreadyExists" {
		t.Errorf("what lost its answer did not take effect: %v", err)
	}
	var statuses []int
	for line := range strings.Lines(log.String()) {
		var call struct{ Status int }
		if err := json.Unmarshal([]byte(line), &call); err != nil {
			t.Fatal(err)
		}
		statuses = append(statuses, call.Status)
	}
	if diff := cmp.Diff([]int{400, 0, 0, 400}, statuses); diff != "" {
		t.Error(diff)
	}
}

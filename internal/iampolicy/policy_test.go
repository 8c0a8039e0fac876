package iampolicy

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// callsOf lists the EC2 actions that package ec2ops calls, read from its source.
func callsOf(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("../ec2ops/*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("no source of ec2ops: %v", err)
	}
	paginator := regexp.MustCompile(`^New(Describe\w+)Paginator$`)
	var calls []string
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		tree, err := parser.ParseFile(token.NewFileSet(), file, source, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(tree, func(n ast.Node) bool {
			s, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if api, ok := s.X.(*ast.SelectorExpr); ok && api.Sel.Name == "api" {
				calls = append(calls, "ec2:"+s.Sel.Name)
			}
			if m := paginator.FindStringSubmatch(s.Sel.Name); m != nil {
				calls = append(calls, "ec2:"+m[1])
			}
			return true
		})
	}
	slices.Sort(calls)
	return slices.Compact(calls)
}

func actions(p Policy) []string {
	var all []string
	for _, s := range p.Statement {
		all = append(all, s.Action...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

var everything = Uses{Region: "us-west-1", Commands: Commands(), Windows: true, Spot: true}

// The policy allows each call that the program makes, and no other.
func TestPolicyAllowsWhatIsCalled(t *testing.T) {
	calls, allowed := callsOf(t), actions(For(everything))
	if len(calls) < 15 {
		t.Fatalf("found only %v in the source", calls)
	}
	for _, c := range calls {
		if !slices.Contains(allowed, c) {
			t.Errorf("%s is called and not allowed", c)
		}
	}
	for _, a := range allowed {
		if !slices.Contains(calls, a) {
			t.Errorf("%s is allowed and never called", a)
		}
	}
}

// Whatever changes something is bound to our tags.
func TestMutationsAreBoundToTags(t *testing.T) {
	for _, s := range For(everything).Statement {
		for _, a := range s.Action {
			if strings.HasPrefix(a, "ec2:Describe") || strings.HasPrefix(a, "ec2:Get") && s.Sid == "ReadHosts" || s.Sid == "LaunchFrom" {
				continue
			}
			if len(s.Condition) == 0 || slices.Contains(s.Resource, "*") {
				t.Errorf("%s allows %s on %v under %v", s.Sid, a, s.Resource, s.Condition)
			}
		}
	}
}

func TestPolicyIsNoMoreThanItsUses(t *testing.T) {
	for _, test := range []struct {
		uses Uses
		has  string
		not  []string
	}{
		{Uses{Commands: []string{"plan"}}, "ec2:RunInstances", []string{"ec2:CreateImage", "ec2:TerminateInstances", "ec2:GetConsoleOutput"}},
		{Uses{Commands: []string{"status"}}, "ec2:DescribeInstances", []string{"ec2:RunInstances", "ec2:DescribeSubnets"}},
		{Uses{Commands: []string{"rollback"}}, "ec2:DescribeImages", []string{"ec2:DescribeInstances"}},
		{Uses{Commands: []string{"rotate"}}, "ec2:CreateImage", []string{"ec2:GetPasswordData", "iam:PassRole", "ec2:CancelSpotInstanceRequests", "ec2:DescribeImageReferences"}},
		{Uses{Commands: []string{"rotate"}, Profile: true, Windows: true}, "iam:PassRole", nil},
		{Uses{Commands: []string{"gc"}}, "ec2:DeregisterImage", []string{"ec2:RunInstances", "ec2:StopInstances"}},
	} {
		got := actions(For(test.uses))
		if !slices.Contains(got, test.has) {
			t.Errorf("%v: %s is not allowed", test.uses.Commands, test.has)
		}
		for _, not := range test.not {
			if slices.Contains(got, not) {
				t.Errorf("%v: %s is allowed", test.uses.Commands, not)
			}
		}
	}
}

func TestARNsNameTheRegion(t *testing.T) {
	for region, want := range map[string]string{
		"us-west-1": "arn:aws:ec2:us-west-1:*:instance/*", "": "arn:aws:ec2:*:*:instance/*",
		"cn-north-1": "arn:aws-cn:ec2:cn-north-1:*:instance/*", "us-gov-west-1": "arn:aws-us-gov:ec2:us-gov-west-1:*:instance/*",
	} {
		p := For(Uses{Region: region, Commands: []string{"rotate"}})
		if !slices.ContainsFunc(p.Statement, func(s Statement) bool { return slices.Contains(s.Resource, want) }) {
			t.Errorf("region %q: no statement about %s", region, want)
		}
	}
}

func TestParametersAreNamed(t *testing.T) {
	for template, want := range map[string]string{
		"rack1-docker-tls-{item}": "arn:aws:ssm:eu-west-1:*:parameter/rack1-docker-tls-*",
		"/farm/{item}":            "arn:aws:ssm:eu-west-1:*:parameter/farm/*",
	} {
		p := For(Uses{Commands: []string{"rollback"}, Parameters: template, ParametersRegion: "eu-west-1"})
		i := slices.IndexFunc(p.Statement, func(s Statement) bool { return slices.Contains(s.Action, "ssm:PutParameter") })
		if i < 0 || !slices.Equal(p.Statement[i].Resource, []string{want}) {
			t.Errorf("%s: %+v, want %s", template, p.Statement, want)
		}
	}
	for _, a := range []string{"ssm:GetParameter", "ssm:PutParameter", "ssm:DeleteParameters", "ssm:DescribeParameters"} {
		if slices.Contains(actions(For(everything)), a) {
			t.Errorf("%s is allowed without a store", a)
		}
	}
}

func TestKeyOfParameters(t *testing.T) {
	for key, want := range map[string]string{
		"1234-ab":    "arn:aws:kms:eu-west-1:*:key/1234-ab",
		"alias/bots": "arn:aws:kms:eu-west-1:*:key/*",
		"mrk-1":      "arn:aws:kms:eu-west-1:*:key/mrk-1",
		"arn:aws:kms:eu-west-1:123456789012:key/1":      "arn:aws:kms:eu-west-1:123456789012:key/1",
		"arn:aws:kms:eu-west-1:123456789012:alias/bots": "arn:aws:kms:eu-west-1:*:key/*",
	} {
		p := For(Uses{Commands: []string{"cert"}, Parameters: "farm-{item}", ParametersRegion: "eu-west-1", KMSKey: key})
		s := p.Statement[len(p.Statement)-1]
		if !slices.Equal(s.Resource, []string{want}) || !slices.Contains(s.Action, "kms:Decrypt") || len(s.Condition) == 0 {
			t.Errorf("%s: %+v, want %s", key, s, want)
		}
	}
	if slices.Contains(actions(For(Uses{Commands: []string{"cert"}, Parameters: "farm-{item}"})), "kms:Decrypt") {
		t.Error("a key is allowed where the account's own is used")
	}
}

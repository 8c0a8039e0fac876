package iam

import (
	"strings"
	"testing"
)

func mustParse(t *testing.T, text string) *Policy {
	t.Helper()
	p, err := Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

const (
	instance = "arn:aws:ec2:us-west-1:314159265358:instance/i-0123456789abcdef0"
	image    = "arn:aws:ec2:us-west-1::image/ami-12345678"
)

func TestDecisions(t *testing.T) {
	const ours = `{"Version":"2012-10-17","Statement":[
		{"Sid":"Look","Effect":"Allow","Action":["ec2:Describe*"],"Resource":"*"},
		{"Effect":"Allow","Action":"ec2:StopInstances","Resource":"arn:aws:ec2:us-west-?:*:instance/*",
		 "Condition":{"StringEquals":{"aws:ResourceTag/amirotate:role":["builder","prover"]}}},
		{"Effect":"Allow","Action":"ec2:CreateTags","Resource":"arn:aws:ec2:*:*:image/*",
		 "Condition":{"StringLike":{"ec2:CreateAction":"Create*"},"ForAllValues:StringEquals":{"aws:TagKeys":["a","b"]}}},
		{"Effect":"Deny","Action":"ec2:*","Resource":"*","Condition":{"StringEquals":{"ec2:ResourceTag/keep":"yes"}}}]}`
	p := mustParse(t, ours)
	role := func(v string) map[string][]string { return map[string][]string{"aws:ResourceTag/amirotate:role": {v}} }
	for _, tt := range []struct {
		name     string
		request  Request
		allowed  bool
		explicit bool
	}{
		{"a wildcard", Request{"ec2:DescribeImages", "*", nil}, true, false},
		{"any letter case", Request{"EC2:describeimages", "*", nil}, true, false},
		{"another action", Request{"ec2:RunInstances", "*", nil}, false, false},
		{"a tagged instance", Request{"ec2:StopInstances", instance, role("prover")}, true, false},
		{"keys in any letter case", Request{"ec2:StopInstances", instance, map[string][]string{"AWS:resourcetag/Amirotate:Role": {"prover"}}}, true, false},
		{"another value", Request{"ec2:StopInstances", instance, role("Builder")}, false, false},
		{"no tag", Request{"ec2:StopInstances", instance, nil}, false, false},
		{"another region", Request{"ec2:StopInstances", strings.Replace(instance, "west-1", "east-1", 1), role("builder")}, false, false},
		{"another kind", Request{"ec2:StopInstances", image, role("builder")}, false, false},
		{"denied all the same", Request{"ec2:DescribeImages", "*", map[string][]string{"ec2:ResourceTag/keep": {"yes"}}}, false, true},
		{"all of the keys", Request{"ec2:CreateTags", image, map[string][]string{"ec2:CreateAction": {"CreateImage"}, "aws:TagKeys": {"b", "a"}}}, true, false},
		{"no keys at all", Request{"ec2:CreateTags", image, map[string][]string{"ec2:CreateAction": {"CreateImage"}}}, true, false},
		{"one key too many", Request{"ec2:CreateTags", image, map[string][]string{"ec2:CreateAction": {"CreateImage"}, "aws:TagKeys": {"a", "c"}}}, false, false},
		{"one of two conditions", Request{"ec2:CreateTags", image, map[string][]string{"aws:TagKeys": {"a"}}}, false, false},
	} {
		refusal := p.Check(tt.request)
		if (refusal == nil) != tt.allowed || refusal != nil && refusal.Explicit != tt.explicit {
			t.Errorf("%s: %+v", tt.name, refusal)
		}
	}
	if (*Policy)(nil).Check(Request{Action: "ec2:Anything"}) != nil {
		t.Error("without a policy something is refused")
	}
	refusal := p.Check(Request{"ec2:DescribeImages", "*", nil}, Request{"ec2:StopInstances", instance, nil})
	want := "User: arn:aws:iam::1:user/ops is not authorized to perform: ec2:StopInstances on resource: " + instance +
		" because no identity-based policy allows the ec2:StopInstances action"
	if refusal == nil || refusal.Reason("arn:aws:iam::1:user/ops") != want {
		t.Errorf("%+v", refusal)
	}
}

func TestConditions(t *testing.T) {
	for _, tt := range []struct {
		operator, value string
		has             []string // nil: no such key
		want            bool
	}{
		{"StringEquals", "a*", []string{"a*"}, true}, {"StringEquals", "a*", []string{"ab"}, false}, {"StringEquals", "a", nil, false},
		{"StringEqualsIfExists", "a", nil, true}, {"StringEqualsIfExists", "a", []string{"b"}, false},
		{"StringNotEquals", "a", []string{"b"}, true}, {"StringNotEquals", "a", []string{"a"}, false}, {"StringNotEquals", "a", nil, true},
		{"StringLike", "a*c?", []string{"abcd"}, true}, {"StringLike", "a*c?", []string{"abc"}, false}, {"StringLike", "*", []string{""}, true},
		{"StringNotLike", "a*", []string{"abc"}, false}, {"StringNotLike", "a*", []string{"b"}, true},
		{"ForAnyValue:StringEquals", "a", []string{"b", "a"}, true}, {"ForAnyValue:StringEquals", "a", nil, false}, {"ForAnyValue:StringEquals", "a", []string{"b"}, false},
		{"ForAllValues:StringLike", "a*", []string{"ab", "ac"}, true}, {"ForAllValues:StringLike", "a*", []string{"ab", "b"}, false}, {"ForAllValues:StringLike", "a*", nil, true},
		{"ForAnyValue:StringNotEquals", "a", nil, false},
	} {
		c, err := newCondition(tt.operator, "aws:TagKeys", []string{tt.value})
		if err != nil {
			t.Fatal(err)
		}
		if got := c.holds(tt.has, tt.has != nil); got != tt.want {
			t.Errorf("%s %q of %q: %v", tt.operator, tt.value, tt.has, got)
		}
	}
}

func TestNotUnderstood(t *testing.T) {
	statement := func(s string) string { return `{"Version":"2012-10-17","Statement":[` + s + `]}` }
	for _, text := range []string{
		"", "[]", `{"Statement":`, `{"Version":"2013-01-01","Statement":[]}`, statement(`{}`) + "{}",
		statement(`{"Effect":"allow","Action":"ec2:*","Resource":"*"}`),
		statement(`{"Effect":"Allow","NotAction":"ec2:*","Resource":"*"}`),
		statement(`{"Effect":"Allow","Action":"ec2:*","NotResource":"*"}`),
		statement(`{"Effect":"Allow","Action":"ec2:*","Resource":"*","Principal":"*"}`),
		statement(`{"Effect":"Allow","Action":"ec2:*"}`),
		statement(`{"Effect":"Allow","Action":[],"Resource":"*"}`),
		statement(`{"Effect":"Allow","Action":"RunInstances","Resource":"*"}`),
		statement(`{"Effect":"Allow","Action":"ec2:*","Resource":"i-123"}`),
		statement(`{"Effect":"Allow","Action":"ec2:*","Resource":"arn:aws:ec2:*:*:instance/${aws:username}"}`),
		statement(`{"Effect":"Allow","Action":"ec2:*","Resource":"*","Condition":{"NumericEquals":{"aws:TagKeys":"1"}}}`),
		statement(`{"Effect":"Allow","Action":"ec2:*","Resource":"*","Condition":{"ForEach:StringEquals":{"aws:TagKeys":"1"}}}`),
		statement(`{"Effect":"Allow","Action":"ec2:*","Resource":"*","Condition":{"StringEquals":{"aws:SourceIp":"1"}}}`),
		statement(`{"Effect":"Allow","Action":"ec2:*","Resource":"*","Condition":{"StringEquals":{"aws:RequestTag/":"1"}}}`),
		statement(`{"Effect":"Allow","Action":"ec2:*","Resource":"*","Condition":{"StringEquals":{"aws:TagKeys":"${x}"}}}`),
	} {
		if p, err := Parse([]byte(text)); err == nil {
			t.Errorf("%s is taken as %+v", text, p)
		}
	}
	if p := mustParse(t, `{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`); len(p.Statements) != 1 {
		t.Errorf("%+v", p)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"Statement":{"Effect":"Allow","Action":"*","Resource":["*"],"Condition":{"StringLike":{"aws:TagKeys":["a*"]}}}}`), "a")
	f.Fuzz(func(t *testing.T, data []byte, value string) {
		p, err := Parse(data)
		if err != nil {
			return
		}
		p.Check(Request{"ec2:RunInstances", instance, map[string][]string{"aws:TagKeys": {value}}})
	})
}

package ssmapi

import (
	"slices"
	"strings"
)

type describeRequest struct {
	ParameterFilters []struct {
		Key, Option string
		Values      []string
	}
	Filters []struct { // the older form
		Key    string
		Values []string
	}
	MaxResults int
	NextToken  string
}

func (p *parameters) describe(r *describeRequest) (any, error) {
	names := p.names()
	for _, f := range r.ParameterFilters {
		var err error
		if names, err = p.filter(names, f.Key, f.Option, f.Values); err != nil {
			return nil, err
		}
	}
	for _, f := range r.Filters {
		var err error
		if names, err = p.filter(names, f.Key, "BeginsWith", f.Values); err != nil {
			return nil, err
		}
	}
	page, next, err := pageOf(names, r.MaxResults, maxMeta, r.NextToken)
	if err != nil {
		return nil, err
	}
	items := []map[string]any{}
	for _, name := range page {
		v, _ := p.latest(name)
		items = append(items, p.metadata(name, v))
	}
	return paged("Parameters", items, next), nil
}

// filter keeps the names whose property is one of the values, or begins with or
// contains one.
func (p *parameters) filter(names []string, key, option string, values []string) ([]string, error) {
	matches := map[string]func(s, value string) bool{
		"": func(s, value string) bool { return s == value }, "Equals": func(s, value string) bool { return s == value },
		"BeginsWith": strings.HasPrefix, "Contains": strings.Contains,
	}[option]
	property := map[string]func(name string, v version) string{
		"Name":  func(name string, _ version) string { return name },
		"Type":  func(_ string, v version) string { return v.Type },
		"KeyId": func(_ string, v version) string { return v.KeyID },
		"Tier":  func(_ string, v version) string { return v.Tier },
	}[key]
	if property == nil {
		return nil, refuse("InvalidFilterKey", "The filter key %s is not valid.", key)
	}
	if matches == nil {
		return nil, refuse("InvalidFilterOption", "The filter option %s is not valid.", option)
	}
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool {
		v, _ := p.latest(name)
		return !slices.ContainsFunc(values, func(value string) bool { return matches(property(name, v), value) })
	}), nil
}

func (p *parameters) metadata(name string, v version) map[string]any {
	item := map[string]any{
		"ARN": p.arnOf(name), "Name": name, "Type": v.Type, "Version": v.Number, "Tier": v.Tier, "DataType": v.DataType,
		"LastModifiedDate": seconds(v.Modified), "LastModifiedUser": strings.Replace(p.arn[:strings.LastIndexByte(p.arn, ':')], ":ssm:", ":iam:", 1) + ":user/ops",
		"Policies": []string{},
	}
	if v.KeyID != "" {
		item["KeyId"] = v.KeyID
	}
	if v.Description != "" {
		item["Description"] = v.Description
	}
	return item
}

package ssmapi

import (
	"slices"
	"strconv"
	"strings"
)

// Limits of one call.
const (
	maxNames   = 10
	maxByPath  = 10
	maxHistory = 50
	maxMeta    = 50
)

type getRequest struct {
	Name           string
	WithDecryption bool
}

func (p *parameters) get(r *getRequest) (any, error) {
	name, v, selector, err := p.find(r.Name)
	if err != nil {
		return nil, err
	}
	return map[string]any{"Parameter": p.show(name, v, selector, r.WithDecryption)}, nil
}

type namesRequest struct {
	Names          []string
	WithDecryption bool
}

func (r *namesRequest) check() error {
	if len(r.Names) < 1 || len(r.Names) > maxNames {
		return invalid("1 validation error detected: Value '%v' at 'names' failed to satisfy constraint: Member must have length less than or equal to %d", r.Names, maxNames)
	}
	return nil
}

func (p *parameters) getAll(r *namesRequest) (any, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	found, missing := []shownParameter{}, []string{}
	for _, id := range r.Names {
		name, v, selector, err := p.find(id)
		if err != nil {
			missing = append(missing, id)
			continue
		}
		found = append(found, p.show(name, v, selector, r.WithDecryption))
	}
	return map[string]any{"Parameters": found, "InvalidParameters": missing}, nil
}

type historyRequest struct {
	Name           string
	WithDecryption bool
	MaxResults     int
	NextToken      string
}

func (p *parameters) history(r *historyRequest) (any, error) {
	versions := p.byID[r.Name]
	if len(versions) == 0 {
		return nil, refuse("ParameterNotFound", "")
	}
	page, next, err := pageOf(versions, r.MaxResults, maxHistory, r.NextToken)
	if err != nil {
		return nil, err
	}
	var items []map[string]any
	for _, v := range page {
		item := p.metadata(r.Name, v)
		delete(item, "ARN")
		item["Value"], item["Labels"] = v.shown(r.WithDecryption), []string{}
		items = append(items, item)
	}
	return paged("Parameters", items, next), nil
}

type pathRequest struct {
	Path           string
	Recursive      bool
	WithDecryption bool
	MaxResults     int
	NextToken      string
}

func (p *parameters) byPath(r *pathRequest) (any, error) {
	if !strings.HasPrefix(r.Path, "/") {
		return nil, invalid("The parameter path must begin with a forward slash (/).")
	}
	folder := strings.TrimSuffix(r.Path, "/") + "/"
	names := slices.DeleteFunc(p.names(), func(name string) bool {
		rest, below := strings.CutPrefix(name, folder)
		return !below || !r.Recursive && strings.Contains(rest, "/")
	})
	page, next, err := pageOf(names, r.MaxResults, maxByPath, r.NextToken)
	if err != nil {
		return nil, err
	}
	found := []shownParameter{}
	for _, name := range page {
		v, _ := p.latest(name)
		found = append(found, p.show(name, v, "", r.WithDecryption))
	}
	return paged("Parameters", found, next), nil
}

func paged(key string, items any, next string) map[string]any {
	response := map[string]any{key: items}
	if next != "" {
		response["NextToken"] = next
	}
	return response
}

// pageOf cuts out a page; a token is the index at which the next one begins.
func pageOf[T any](all []T, size, most int, token string) (page []T, next string, err error) {
	if size < 0 || size > most {
		return nil, "", invalid("1 validation error detected: Value '%d' at 'maxResults' failed to satisfy constraint: Member must have value less than or equal to %d", size, most)
	}
	if size == 0 {
		size = most
	}
	start := 0
	if token != "" {
		if start, err = strconv.Atoi(token); err != nil || start < 0 || start > len(all) {
			return nil, "", refuse("InvalidNextToken", "The specified token is not valid.")
		}
	}
	end := min(start+size, len(all))
	if end < len(all) {
		next = strconv.Itoa(end)
	}
	return all[start:end], next, nil
}

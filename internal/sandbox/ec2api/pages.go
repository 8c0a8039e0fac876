package ec2api

import (
	"encoding/base64"
	"slices"
	"strconv"
	"strings"

	"github.com/amirotate/amirotate/internal/sandbox/ec2state"
)

// page cuts a page out of items. With no MaxResults and no token all of them
// are one page, up to the most that EC2 returns.
func page[T any](items []T, p paging, least, most int, id func(T) string) ([]T, string, error) {
	size := most
	if p.MaxResults != nil {
		size = *p.MaxResults
		if size < least {
			return nil, "", ec2state.Refuse("InvalidParameterValue", "Value ( %d ) for parameter maxResults is invalid. Expecting a value greater than %d.", size, least)
		}
		size = min(size, most)
	}
	start := 0
	if p.NextToken != "" {
		var err error
		if start, err = resume(items, p.NextToken, id); err != nil {
			return nil, "", err
		}
	}
	if start+size >= len(items) {
		return items[start:], "", nil
	}
	return items[start : start+size], nextToken(items, start+size, id), nil
}

// landmarks is how many of the last items of a page its token names, so that
// the next page begins at the right place although some have gone meanwhile.
const landmarks = 8

func nextToken[T any](items []T, end int, id func(T) string) string {
	parts := []string{strconv.Itoa(end)}
	for i := end - 1; i >= max(0, end-landmarks); i-- {
		parts = append(parts, id(items[i]))
	}
	return base64.RawURLEncoding.EncodeToString([]byte(strings.Join(parts, "\n")))
}

// resume finds where a page begins: after the last item of the page before that
// is still there, or, if none of those that the token names is, where it stood.
func resume[T any](items []T, token string, id func(T) string) (int, error) {
	text, err := base64.RawURLEncoding.DecodeString(token)
	parts := strings.Split(string(text), "\n")
	offset, numErr := strconv.Atoi(parts[0])
	if err != nil || len(parts) < 2 || numErr != nil || offset < 0 {
		return 0, ec2state.Refuse("InvalidNextToken", "The specified next token '%s' is invalid", token)
	}
	for _, mark := range parts[1:] {
		if i := slices.IndexFunc(items, func(item T) bool { return id(item) == mark }); i >= 0 {
			return i + 1, nil
		}
	}
	return min(max(offset-landmarks, 0), len(items)), nil
}

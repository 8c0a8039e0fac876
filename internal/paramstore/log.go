package paramstore

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/amirotate/amirotate/internal/cert/keep"
)

// entry is a version of the log: it opens a replacement, or closes the one with
// its ID. It holds no secret.
type entry struct {
	Base int64             `json:"base"` // the version of the log that its writer had seen
	ID   string            `json:"id"`
	Open bool              `json:"open"`
	At   time.Time         `json:"at"`
	Was  map[string]string `json:"was"` // SHA-256 by item; none for one that was not there
	New  map[string]string `json:"new"`
	By   string            `json:"by"` // for people who look
}

// position is a place in the log, and what holds there.
type position struct {
	next int64  // the newest version; 0 for none
	open *entry // the replacement that is committed and not finished; nil for none
}

// readLog finds what holds. An entry that opens counts if it followed the one
// that its writer had seen; of writers that lost, the entries stand behind it.
// One that closes counts whenever it comes.
func (s *Store) readLog(ctx context.Context) (position, error) {
	v, found, err := s.get(ctx, s.logName())
	if err != nil || !found {
		return position{}, err
	}
	p, closed := position{next: v.version}, map[string]bool{}
	for {
		e, err := parseEntry(v)
		if err != nil {
			return p, fmt.Errorf("cannot read parameter %s: %w", s.logName(), err)
		}
		followed := e.Base == v.version-1
		if followed && e.Open && !closed[e.ID] {
			p.open = e
		}
		if followed || v.version <= 1 {
			return p, nil
		}
		closed[e.ID] = closed[e.ID] || !e.Open
		if v, found, err = s.get(ctx, s.logName()+":"+strconv.FormatInt(v.version-1, 10)); err != nil || !found {
			return p, err
		}
	}
}

func parseEntry(v value) (*entry, error) {
	e := &entry{}
	if err := json.Unmarshal([]byte(v.text), e); err != nil {
		return nil, err
	}
	if e.ID == "" || strings.ContainsAny(e.ID, "/:") || e.Base < 0 {
		return nil, fmt.Errorf("version %d is no entry of ours", v.version)
	}
	return e, nil
}

// append writes an entry and tells whether it followed the one that its writer
// had seen.
func (s *Store) append(ctx context.Context, e entry) (followed bool, err error) {
	text, err := json.Marshal(e)
	if err != nil {
		return false, fmt.Errorf("cannot write parameter %s: %w", s.logName(), err)
	}
	got, _, err := s.put(ctx, s.logName(), value{text: string(text), kind: types.ParameterTypeString}, "", false)
	return err == nil && got == e.Base+1, err
}

// commit opens a replacement and tells whether it counts.
func (s *Store) commit(ctx context.Context, e entry) (won bool, err error) {
	followed, err := s.append(ctx, e)
	if followed {
		return true, nil
	}
	// Another was first, or an earlier attempt of ours whose answer was lost.
	got, _, lookErr := s.get(ctx, s.logName()+":"+strconv.FormatInt(e.Base+1, 10))
	if lookErr != nil {
		return false, errors.Join(err, lookErr)
	}
	first, parseErr := parseEntry(got)
	if parseErr == nil && first.ID == e.ID {
		return true, nil
	}
	return false, err
}

func newID() string { return strings.ToLower(rand.Text()[:12]) }

func digests(items keep.Items) map[string]string {
	sums := map[string]string{}
	for name, data := range items {
		sums[name] = digest(data)
	}
	return sums
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

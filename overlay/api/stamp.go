package api

import (
	"fmt"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"vitrine/overlay/show"
)

type (
	registry = huma.Registry
	schema   = huma.Schema
)

// Stamp is a time in JSON: RFC 3339, UTC, with milliseconds. It reads any
// RFC 3339 time.
type Stamp time.Time

// MarshalText implements [encoding.TextMarshaler].
func (s Stamp) MarshalText() ([]byte, error) {
	return time.Time(s).UTC().AppendFormat(nil, show.TimeFormat), nil
}

// UnmarshalText implements [encoding.TextUnmarshaler].
func (s *Stamp) UnmarshalText(b []byte) error {
	t, err := time.Parse(time.RFC3339Nano, string(b))
	if err != nil {
		return fmt.Errorf("%q is not a time: write it as 2026-11-22T10:00:00.123Z", b)
	}
	*s = Stamp(t)
	return nil
}

// Schema implements [huma.SchemaProvider].
func (Stamp) Schema(registry) *schema {
	return &schema{Type: huma.TypeString, Format: "date-time", Examples: []any{"2026-11-22T10:00:00.123Z"}}
}

// stampOf returns nil for the zero time.
func stampOf(t time.Time) *Stamp {
	if t.IsZero() {
		return nil
	}
	s := Stamp(t)
	return &s
}

// timeOf is the inverse of stampOf.
func timeOf(s *Stamp) time.Time {
	if s == nil {
		return time.Time{}
	}
	return time.Time(*s)
}

// nullable marks properties that may be null, which huma's tags cannot say of a
// reference.
func nullable(s *schema, properties ...string) *schema {
	for _, name := range properties {
		p := s.Properties[name]
		if p.Ref == "" {
			p.Nullable = true
			continue
		}
		s.Properties[name] = &schema{
			Description: p.Description,
			AnyOf:       []*schema{p, {Type: "null"}},
		}
	}
	s.PrecomputeMessages()
	return s
}

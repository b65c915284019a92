package hls

import (
	"strconv"
	"time"
)

// DateRangeClass is the CLASS of the date ranges that mirror cues. A CLASS has one
// meaning in a playlist (rfc8216bis §4.4.5.1).
const DateRangeClass = "vitrine.cue"

// DateRange mirrors a cue in the playlists. It is rendered once.
type DateRange struct {
	ID   string
	line []byte
}

// NewDateRange returns a date range that begins at a capture time, for d. cue is
// the JSON of the cue; it stands in X-VITRINE-CUE, with what a quoted string
// cannot hold percent-encoded.
func NewDateRange(id string, start time.Time, d time.Duration, cue []byte) *DateRange {
	b := append([]byte(nil), `#EXT-X-DATERANGE:ID="`...)
	b = appendQuoted(b, id)
	b = append(b, `",CLASS="`+DateRangeClass+`",START-DATE="`...)
	b = appendDate(b, start)
	b = append(b, `",DURATION=`...)
	b = strconv.AppendFloat(b, d.Seconds(), 'f', -1, 64)
	b = append(b, `,X-VITRINE-CUE="`...)
	b = appendQuoted(b, cue)
	return &DateRange{ID: id, line: append(b, "\"\n"...)}
}

// appendQuoted appends s as the content of a quoted string, in which quotation
// marks, control characters and the per cent sign are percent-encoded.
func appendQuoted[T string | []byte](b []byte, s T) []byte {
	const hex = "0123456789ABCDEF"
	for i := range len(s) {
		if c := s[i]; c == '"' || c == '%' || c < ' ' || c == 0x7f {
			b = append(b, '%', hex[c>>4], hex[c&15])
		} else {
			b = append(b, c)
		}
	}
	return b
}

// Ranges are the date ranges of a version of a playlist, oldest first.
type Ranges struct {
	Listed  []*DateRange
	Old     int          // how many of Listed were added before the skip boundary
	Removed []*DateRange // those that were listed until recently
}

// skips reports whether a delta update of version 2 differs from one of version 1.
func (r *Ranges) skips() bool { return r.Old > 0 || len(r.Removed) > 0 }

func (r *Ranges) size() int {
	n := 0
	for _, d := range r.Listed {
		n += len(d.line)
	}
	return n
}

func (r *Ranges) appendTo(b []byte, form Form) []byte {
	from := 0
	if form == DeltaV2 {
		from = r.Old
	}
	for _, d := range r.Listed[from:] {
		b = append(b, d.line...)
	}
	return b
}

// appendRemoved appends the attribute that names what was removed.
func (r *Ranges) appendRemoved(b []byte) []byte {
	if len(r.Removed) == 0 {
		return b
	}
	b = append(b, `,RECENTLY-REMOVED-DATERANGES="`...)
	for i, d := range r.Removed {
		if i > 0 {
			b = append(b, '\t')
		}
		b = appendQuoted(b, d.ID)
	}
	return append(b, '"')
}

package catalogue

import (
	"fmt"
	"strings"
)

// MaxRejected bounds how many rows a [Rejected] tells of; the rest are counted.
const MaxRejected = 50

// RowError says what is wrong with one field of one row.
type RowError struct {
	File   string // as the caller named it; may be empty
	Line   int    // from 1, where the row begins; 0 if there are no lines
	Index  int    // from 0, the row's place among the products; -1 outside them
	Field  string // as in JSON; empty if the row as a whole is bad
	Reason string // names the cure
}

func (e RowError) Error() string {
	var b strings.Builder
	switch {
	case e.Line > 0 && e.File != "":
		fmt.Fprintf(&b, "%s:%d: ", e.File, e.Line)
	case e.Line > 0:
		fmt.Fprintf(&b, "line %d: ", e.Line)
	case e.File != "":
		fmt.Fprintf(&b, "%s: ", e.File)
	case e.Index >= 0:
		fmt.Fprintf(&b, "product %d of the list: ", e.Index+1)
	}
	if e.Field != "" {
		b.WriteString(e.Field + ": ")
	}
	b.WriteString(e.Reason)
	return b.String()
}

// Rejected is why a catalogue was refused as a whole: every bad row, up to
// [MaxRejected] of them.
type Rejected struct {
	Rows []RowError
	More int // bad rows that are not in Rows
}

// Error gives one line for each bad row.
func (r *Rejected) Error() string {
	var b strings.Builder
	for i, row := range r.Rows {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(row.Error())
	}
	if r.More > 0 {
		fmt.Fprintf(&b, "\nand %d more", r.More)
	}
	return b.String()
}

// Unwrap gives the rows to [errors.As].
func (r *Rejected) Unwrap() []error {
	errs := make([]error, len(r.Rows))
	for i, row := range r.Rows {
		errs[i] = row
	}
	return errs
}

// intake gathers rows as a reader meets them, good and bad.
type intake struct {
	file     string
	products []Product
	seen     map[int]RowError // where a number was used first
	rows     int
	rejected Rejected

	overflowed bool // more rows than numbers: the reader stops
}

func newIntake(file string) *intake {
	return &intake{file: file, seen: map[int]RowError{}}
}

// add takes one row, which begins at line.
func (in *intake) add(line int, p Product) {
	at := RowError{File: in.file, Line: line, Index: in.rows}
	in.rows++
	bad := p.problems()
	if first, twice := in.seen[p.No]; twice {
		where := fmt.Sprintf("line %d", first.Line)
		if first.Line == 0 {
			where = fmt.Sprintf("product %d of the list", first.Index+1)
		}
		bad = append(bad, FieldError{"no", fmt.Sprintf("%d is taken by %s: give each product its own number", p.No, where)})
	} else {
		in.seen[p.No] = at
	}
	for _, f := range bad {
		at.Field, at.Reason = f.Field, f.Reason
		in.reject(at)
	}
	if len(bad) == 0 {
		in.products = append(in.products, p)
	}
}

// full reports that no further row can have a number of its own, and tells of
// it: the row at line is the first too many.
func (in *intake) full(line int) bool {
	if in.rows < MaxNo {
		return false
	}
	in.overflowed = true
	in.broken(line, "", fmt.Sprintf("there are more than %d products: remove the rest", MaxNo))
	return true
}

// refuse counts a row that could not even be read as a product.
func (in *intake) refuse(line int, field, reason string) {
	in.reject(RowError{File: in.file, Line: line, Index: in.rows, Field: field, Reason: reason})
	in.rows++
}

// broken tells of a fault of the file as a whole.
func (in *intake) broken(line int, field, reason string) {
	in.reject(RowError{File: in.file, Line: line, Index: -1, Field: field, Reason: reason})
}

func (in *intake) reject(e RowError) {
	if len(in.rejected.Rows) == MaxRejected {
		in.rejected.More++
		return
	}
	in.rejected.Rows = append(in.rejected.Rows, e)
}

// shelf returns what was gathered, or the [*Rejected] if anything was bad.
func (in *intake) shelf() (*Shelf, error) {
	if len(in.rejected.Rows) > 0 {
		return nil, &in.rejected
	}
	return shelve(in.products)
}

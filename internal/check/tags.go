package check

import (
	"fmt"
	"strings"
)

// listTag reads the tags that have an attribute list.
func (r *parser) listTag(tag, value string) error {
	read, known := map[string]func(attributes) error{
		"EXT-X-SERVER-CONTROL":   r.control,
		"EXT-X-PART-INF":         r.partInf,
		"EXT-X-PART":             r.part,
		"EXT-X-PRELOAD-HINT":     r.hint,
		"EXT-X-RENDITION-REPORT": r.report,
		"EXT-X-MAP":              r.initialization,
		"EXT-X-SKIP":             r.skip,
		"EXT-X-DATERANGE":        r.dateRange,
	}[tag]
	if !known {
		return nil
	}
	a, err := parseAttributes(value)
	if err != nil {
		return err
	}
	return read(a)
}

func (r *parser) control(a attributes) (err error) {
	c := control{Present: true}
	for _, f := range []struct {
		name string
		into *float64
	}{{"PART-HOLD-BACK", &c.PartHoldBack}, {"HOLD-BACK", &c.HoldBack}, {"CAN-SKIP-UNTIL", &c.SkipUntil}} {
		if *f.into, err = a.seconds(f.name); err != nil {
			return err
		}
	}
	if c.BlockReload, err = a.yes("CAN-BLOCK-RELOAD"); err != nil {
		return err
	}
	c.SkipDateRanges, err = a.yes("CAN-SKIP-DATERANGES")
	r.p.Control = c
	return err
}

func (r *parser) partInf(a attributes) (err error) {
	r.p.PartTarget, err = a.seconds("PART-TARGET")
	if err == nil && r.p.PartTarget == 0 {
		return fmt.Errorf("PART-TARGET is missing")
	}
	return err
}

func (r *parser) part(a attributes) error {
	if len(r.pending.Parts) >= maxPartsOfOne {
		return fmt.Errorf("more than %d parts of one segment", maxPartsOfOne)
	}
	var p part
	u, err := a.text("URI")
	if err != nil {
		return err
	}
	if p.At.URL, err = r.resolve(u); err != nil {
		return err
	}
	if v, ok := a["BYTERANGE"]; ok {
		b, err := parseRange(strings.Trim(v, `"`))
		if err != nil {
			return err
		}
		p.At.Range = r.place(p.At.URL, b)
	}
	if _, ok := a["DURATION"]; !ok {
		return fmt.Errorf("DURATION is missing")
	}
	if p.Dur, err = a.seconds("DURATION"); err != nil {
		return err
	}
	if p.Independent, err = a.yes("INDEPENDENT"); err != nil {
		return err
	}
	if p.Gap, err = a.yes("GAP"); err != nil {
		return err
	}
	r.pending.Parts, r.dirty = append(r.pending.Parts, p), true
	return nil
}

func (r *parser) hint(a attributes) (err error) {
	h := hint{Type: a["TYPE"]}
	if h.Type != "PART" && h.Type != "MAP" {
		return fmt.Errorf("TYPE is %q, and may be PART or MAP", h.Type)
	}
	u, err := a.text("URI")
	if err != nil {
		return err
	}
	if h.At.URL, err = r.resolve(u); err != nil {
		return err
	}
	_, starts := a["BYTERANGE-START"]
	_, ends := a["BYTERANGE-LENGTH"]
	if starts || ends {
		if h.At.Range.Offset, err = a.integer("BYTERANGE-START", 0); err != nil {
			return err
		}
		if h.At.Range.Length, err = a.integer("BYTERANGE-LENGTH", openEnd); err != nil {
			return err
		}
	}
	for _, other := range r.p.Hints {
		if other.Type == h.Type {
			return fmt.Errorf("two of TYPE=%s", h.Type)
		}
	}
	r.p.Hints = append(r.p.Hints, h)
	return nil
}

func (r *parser) report(a attributes) error {
	if len(r.p.Reports) >= maxReports {
		return fmt.Errorf("more than %d", maxReports)
	}
	u, err := a.text("URI")
	if err != nil {
		return err
	}
	var o report
	if o.URL, err = r.resolve(u); err != nil {
		return err
	}
	if o.LastMSN, err = a.integer("LAST-MSN", -1); err != nil {
		return err
	}
	n, err := a.integer("LAST-PART", -1)
	if err != nil {
		return err
	}
	o.LastPart = int(min(n, 1<<30))
	r.p.Reports = append(r.p.Reports, o)
	return nil
}

func (r *parser) initialization(a attributes) error {
	u, err := a.text("URI")
	if err != nil {
		return err
	}
	at := address{}
	if at.URL, err = r.resolve(u); err != nil {
		return err
	}
	if v, ok := a["BYTERANGE"]; ok {
		b, err := parseRange(strings.Trim(v, `"`))
		if err != nil {
			return err
		}
		b.Offset = max(b.Offset, 0)
		at.Range = b
	}
	r.mapOf, r.dirty = at, true
	return nil
}

func (r *parser) skip(a attributes) (err error) {
	if len(r.p.Segments) > 0 || r.dirty {
		return fmt.Errorf("the tag comes after the first segment")
	}
	if _, ok := a["SKIPPED-SEGMENTS"]; !ok {
		return fmt.Errorf("SKIPPED-SEGMENTS is missing")
	}
	if r.p.Skipped, err = a.integer("SKIPPED-SEGMENTS", 0); err != nil {
		return err
	}
	if v, ok := a["RECENTLY-REMOVED-DATERANGES"]; ok && v != `""` {
		r.p.RemovedDateRanges = strings.Split(strings.Trim(v, `"`), "\t")
	}
	return nil
}

func (r *parser) dateRange(a attributes) (err error) {
	if len(r.p.DateRanges) >= maxDateRanges {
		return fmt.Errorf("more than %d", maxDateRanges)
	}
	d := dateRange{Attrs: a}
	if d.ID, err = a.text("ID"); err != nil {
		return err
	}
	start, err := a.text("START-DATE")
	if _, given := a["START-DATE"]; given {
		if err != nil {
			return err
		}
		if d.Start, _, err = parseDate(start); err != nil {
			return err
		}
	}
	r.p.DateRanges = append(r.p.DateRanges, d)
	return nil
}

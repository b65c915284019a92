package check

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
)

// State is what became of an assertion.
type State string

// The states of an assertion.
const (
	Held          State = "held"
	Failed        State = "failed"
	NotApplicable State = "n/a"
)

// Verdict is one assertion, judged.
type Verdict struct {
	Number   int      `json:"number"`
	Title    string   `json:"title"`
	State    State    `json:"state"`
	Note     string   `json:"note,omitempty"`     // how much was seen, or why it does not apply
	Evidence []string `json:"evidence,omitempty"` // of a failure
	Failures int      `json:"failures,omitempty"` // how often it failed

	checked int    // cases, of which Failures failed
	what    string // names the cases
}

// tell writes the note of a verdict that has cases.
func (v *Verdict) tell() {
	switch {
	case v.State == Failed:
		v.Note = fmt.Sprintf("%d of %d %s", v.Failures, v.checked, v.what)
	case v.State == Held && v.what != "":
		v.Note = fmt.Sprintf("%d %s", v.checked, v.what)
	}
}

// Report is what a watch came to.
type Report struct {
	URL        string    `json:"url"`
	Seconds    float64   `json:"seconds"`
	Renditions []string  `json:"renditions"`
	Verdicts   []Verdict `json:"assertions"`

	trouble string // why there is no rendition
}

// maxEvidence is how many failures of an assertion are told.
const maxEvidence = 5

// Failed returns how many assertions failed.
func (r *Report) Failed() (n int) {
	for _, v := range r.Verdicts {
		if v.State == Failed {
			n++
		}
	}
	return n
}

// Verdict returns an assertion by its number, from 1.
func (r *Report) Verdict(number int) Verdict { return r.Verdicts[number-1] }

// WriteJSON writes the report as JSON.
func (r *Report) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(r)
}

// WriteTable writes the report for people.
func (r *Report) WriteTable(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\nwatched for %.0f s: %s\n\n", r.URL, r.Seconds, strings.Join(r.Renditions, ", "))
	count := map[State]int{}
	for _, v := range r.Verdicts {
		count[v.State]++
		fmt.Fprintf(&b, "%3d  %-6s  %s\n", v.Number, v.State, v.Title)
		if v.Note != "" {
			fmt.Fprintf(&b, "             %s\n", v.Note)
		}
		for _, e := range v.Evidence {
			fmt.Fprintf(&b, "           ! %s\n", e)
		}
		if more := v.Failures - len(v.Evidence); more > 0 {
			fmt.Fprintf(&b, "           ! and %d more\n", more)
		}
	}
	fmt.Fprintf(&b, "\n%d held, %d failed, %d not applicable\n", count[Held], count[Failed], count[NotApplicable])
	_, err := io.WriteString(w, b.String())
	return err
}

// ledger joins the verdicts of all stretches of a watch.
type ledger struct {
	verdicts []Verdict
	names    []string
	seen     map[string]bool
	trouble  string
}

func (l *ledger) enter(w *watch) {
	if l.verdicts == nil {
		l.verdicts = make([]Verdict, len(rules))
		l.seen = map[string]bool{}
	}
	for _, r := range w.Renditions {
		if len(r.Versions) > 0 && !l.seen[r.URL] {
			l.seen[r.URL] = true
			l.names = append(l.names, r.Name)
		}
		if len(r.Refusals) > 0 {
			l.trouble = fmt.Sprintf("%s: %s", r.URL, r.Refusals[0].Reason)
		}
	}
	for i, rule := range rules {
		v := rule.judge(w)
		v.Number, v.Title = i+1, rule.title
		l.verdicts[i] = join(l.verdicts[i], v, rule.sums)
	}
}

// join adds the verdict of a later stretch. A rule that sums has seen the whole
// watch each time.
func join(old, now Verdict, sums bool) Verdict {
	switch {
	case old.State == "" || sums || old.State == NotApplicable:
		return now
	case now.State == NotApplicable:
		return old
	}
	if old.State == Failed {
		now.State = Failed
	}
	now.checked += old.checked
	now.Failures += old.Failures
	now.Evidence = append(old.Evidence, now.Evidence...)
	now.Evidence = now.Evidence[:min(len(now.Evidence), maxEvidence)]
	now.tell()
	return now
}

func (l *ledger) report(w *watch, took time.Duration) *Report {
	return &Report{URL: w.URL, Seconds: took.Seconds(), Renditions: l.names, Verdicts: l.verdicts, trouble: l.trouble}
}

// findings collects what a rule finds.
type findings struct {
	checked int
	bad     []string
	failed  int
}

// expect notes one case, and the evidence if it is not as it should be.
func (f *findings) expect(ok bool, format string, args ...any) {
	f.checked++
	if ok {
		return
	}
	f.failed++
	if len(f.bad) < maxEvidence {
		f.bad = append(f.bad, fmt.Sprintf(format, args...))
	}
}

// verdict ends a rule. what names the cases; reason says why there were none.
func (f *findings) verdict(what, reason string) Verdict {
	v := Verdict{State: Held, checked: f.checked, what: what}
	switch {
	case f.failed > 0:
		v.State, v.Evidence, v.Failures = Failed, f.bad, f.failed
	case f.checked == 0:
		return Verdict{State: NotApplicable, Note: reason}
	}
	v.tell()
	return v
}

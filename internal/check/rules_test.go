package check

import (
	"testing"
	"time"
)

var epoch = time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)

func after(ms int) time.Time { return epoch.Add(time.Duration(ms) * time.Millisecond) }

// listed is a playlist with one segment of parts, in thousandths of a second.
func listed(target int, complete bool, parts ...part) *playlist {
	p := &playlist{TargetDuration: 2, PartTarget: float64(target) / 1000, Skipped: -1, Control: control{Present: true, BlockReload: true}}
	s := &segment{Parts: parts}
	if !complete {
		p.Open = s
		return p
	}
	s.At.URL, s.Dur = "s", s.listed()
	p.Segments = []*segment{s}
	return p
}

func ms(d int) part      { return part{Dur: float64(d) / 1000} }
func gapMS(d int) part   { return part{Dur: float64(d) / 1000, Gap: true} }
func startMS(d int) part { return part{Dur: float64(d) / 1000, Independent: true} }

func watchOf(lists ...*playlist) *watch {
	r := newRendition("r", "r", mediaKind)
	for _, p := range lists {
		r.Versions = append(r.Versions, &version{List: p})
	}
	return &watch{Renditions: []*rendition{r}}
}

func TestPartsLongEnough(t *testing.T) {
	for name, c := range map[string]struct {
		list *playlist
		want State
	}{
		"all of the target":               {listed(350, true, ms(350), ms(350), ms(350)), Held},
		"85 % of it":                      {listed(400, true, ms(340), ms(400)), Held},
		"a little less":                   {listed(400, true, ms(339), ms(400)), Failed},
		"a short one that is independent": {listed(400, true, startMS(100), ms(400), ms(400)), Held},
		"a short gap":                     {listed(400, true, gapMS(100), ms(400), ms(400)), Held},
		"a short one right before a gap":  {listed(400, true, ms(400), ms(100), gapMS(400)), Held},
		"a short one two before a gap":    {listed(400, true, ms(100), ms(400), gapMS(400)), Failed},
		"the last of its segment":         {listed(400, true, ms(400), ms(20)), Held},
		"the last that is known":          {listed(400, false, ms(400), ms(20)), Held},
		"not the last that is known":      {listed(400, false, ms(20), ms(400)), Failed},
		"a playlist without parts":        {&playlist{TargetDuration: 2}, NotApplicable},
	} {
		t.Run(name, func(t *testing.T) {
			if v := partsLongEnough(watchOf(c.list)); v.State != c.want {
				t.Errorf("%+v", v)
			}
		})
	}
}

func TestHoldBacks(t *testing.T) {
	of := func(c control) *playlist { return &playlist{TargetDuration: 2, PartTarget: 0.35, Control: c} }
	for name, c := range map[string]struct {
		list *playlist
		want State
	}{
		"three parts, as binary fractions are": {of(control{PartHoldBack: 1.05}), Held},
		"a little less":                        {of(control{PartHoldBack: 1.049}), Failed},
		"no PART-HOLD-BACK with parts":         {of(control{HoldBack: 6}), Failed},
		"HOLD-BACK below three targets":        {of(control{PartHoldBack: 1.05, HoldBack: 5.9}), Failed},
		"CAN-SKIP-UNTIL below six":             {of(control{PartHoldBack: 1.05, SkipUntil: 11}), Failed},
		"nothing to judge":                     {&playlist{TargetDuration: 2}, NotApplicable},
	} {
		t.Run(name, func(t *testing.T) {
			if v := holdBacks(watchOf(c.list)); v.State != c.want {
				t.Errorf("%+v", v)
			}
		})
	}
}

// reloads is a client of parts of 400 ms whose answers come at given instants.
func reloads(at ...int) *watch {
	w := watchOf()
	r := w.Renditions[0]
	var parts []part
	sent := 0
	for i, got := range at {
		parts = append(parts, ms(400))
		v := &version{Sent: after(sent), Got: after(got), List: listed(400, false, parts[:i+1:i+1]...)}
		if i > 0 {
			v.Asked = &position{0, i}
		}
		r.Versions = append(r.Versions, v)
		sent = got
	}
	return w
}

func TestArrivals(t *testing.T) {
	for name, c := range map[string]struct {
		at   []int
		slow []pause
		want State
	}{
		"each in time":                   {[]int{0, 400, 800, 1200, 1600}, nil, Held},
		"one is late, which p99 excuses": {[]int{0, 400, 1000, 1400, 1800}, nil, Held},
		"two are late":                   {[]int{0, 400, 1000, 1600, 2000}, nil, Failed},
		"late by what the way may cost":  {[]int{0, 499, 998, 1497, 1996}, nil, Held},
		"two are late, the network was":  {[]int{0, 400, 1000, 1600, 2000}, []pause{{after(900), after(1700), 200 * time.Millisecond}}, NotApplicable},
		"the network was slow, not so":   {[]int{0, 400, 1000, 1600, 2000}, []pause{{after(900), after(1700), 50 * time.Millisecond}}, Failed},
		"the network was slow before":    {[]int{0, 400, 1000, 1600, 2000}, []pause{{after(0), after(300), time.Second}}, Failed},
		"a single playlist says nothing": {[]int{0}, nil, NotApplicable},
	} {
		t.Run(name, func(t *testing.T) {
			w := reloads(c.at...)
			w.Pauses = c.slow
			if v := arrivalsInTime(w); v.State != c.want {
				t.Errorf("%+v", v)
			}
		})
	}
}

func TestArrivalsBesideAnOutage(t *testing.T) {
	w := reloads(0, 400, 3000, 6000, 9000)
	for _, v := range w.Renditions[0].Versions {
		for i := range v.List.Open.Parts {
			v.List.Open.Parts[i].Gap = i == 2
		}
	}
	if v := arrivalsInTime(w); v.State == Failed {
		t.Errorf("%+v", v)
	}
}

func TestBlockingReloads(t *testing.T) {
	late := func(w *watch) {}
	for name, c := range map[string]struct {
		at     []int
		change func(*watch)
		want   State
	}{
		"each in time":      {[]int{0, 400, 800, 1200}, late, Held},
		"two held too long": {[]int{0, 600, 1200, 1600}, late, Failed},
		"the parts came to be late, as the hints tell": {[]int{0, 600, 1200, 1600}, func(w *watch) {
			r := w.Renditions[0]
			for i, v := range r.Versions {
				for j := range v.List.Open.Parts {
					v.List.Open.Parts[j].At.URL = string(rune('a' + j))
				}
				at := address{URL: string(rune('a' + i))}
				r.Hinted[at] = &piece{At: at, First: v.Got.Add(-10 * time.Millisecond)}
			}
		}, Held},
		"without what was asked for": {[]int{0, 400, 800}, func(w *watch) { w.Renditions[0].Versions[1].Asked.Part = 7 }, Failed},
		"refused with 404": {[]int{0, 400, 800}, func(w *watch) {
			w.Renditions[0].Refusals = []refusal{{URL: "r", Asked: &position{0, 3}, Status: 404, Reason: "HTTP 404"}}
		}, Failed},
		"no blocking at all": {[]int{0}, late, NotApplicable},
	} {
		t.Run(name, func(t *testing.T) {
			w := reloads(c.at...)
			c.change(w)
			if v := blockingReloads(w); v.State != c.want {
				t.Errorf("%+v", v)
			}
		})
	}
}

func TestStalls(t *testing.T) {
	for name, c := range map[string]struct {
		status, took int
		want         State
	}{
		"503 after 3 TD":     {503, 6010, Held},
		"503 before":         {503, 4000, Failed},
		"nothing ever came":  {0, 11000, Failed},
		"a connection broke": {0, 1000, Held},
		"no stall":           {400, 10, NotApplicable},
	} {
		t.Run(name, func(t *testing.T) {
			w := watchOf()
			w.Renditions[0].Versions = []*version{{List: listed(400, false, ms(400))}}
			w.Renditions[0].Refusals = []refusal{{Asked: &position{0, 1}, Status: c.status, Sent: after(0), Got: after(c.took), MaxWait: 6 * time.Second}}
			if v := stalls(w); v.State != c.want {
				t.Errorf("%+v", v)
			}
		})
	}
}

func TestReportsAreTrueWithinAPart(t *testing.T) {
	other := reloads(0, 400, 800, 1200, 1600).Renditions[0]
	for name, c := range map[string]struct {
		at   int // when the playlist with the report came
		part int
		true bool
	}{
		"the last part":                    {1210, 3, true},
		"one part behind":                  {1210, 2, true},
		"two behind, the second just now":  {1210, 1, true},
		"two behind for long":              {1390, 1, false},
		"a part ahead, which came in time": {1210, 4, true},
		"a part that came much later":      {600, 4, false},
	} {
		t.Run(name, func(t *testing.T) {
			v := &version{Sent: after(c.at - 400), Got: after(c.at)}
			if why := other.untrue(&watch{}, v, report{LastMSN: 0, LastPart: c.part}); (why == "") != c.true {
				t.Errorf("%q", why)
			}
		})
	}
}

// TestRecordingWithoutDates: a date is due of what is live.
func TestRecordingWithoutDates(t *testing.T) {
	for name, c := range map[string]struct {
		ended, dated bool
		want         State
	}{
		"live, no date":      {false, false, Failed},
		"recorded, no date":  {true, false, NotApplicable},
		"recorded, one date": {true, true, Failed},
	} {
		t.Run(name, func(t *testing.T) {
			p := &playlist{TargetDuration: 2, Skipped: -1, Ended: c.ended, Segments: []*segment{{Dur: 2}, {MSN: 1, Dur: 2}}}
			if c.dated {
				p.Segments[1].PDT, p.Segments[1].Wall = epoch, epoch // segment 0 is beyond a discontinuity, say
			}
			if v := dates(watchOf(p)); v.State != c.want {
				t.Errorf("%+v", v)
			}
		})
	}
}

func TestSameCodec(t *testing.T) {
	for name, c := range map[string]struct {
		declared, media string
		same            bool
	}{
		"equal":                        {"avc1.640020", "avc1.640020", true},
		"in other letters":             {"avc1.64001f", "avc1.64001F", true},
		"another level":                {"avc1.640020", "avc1.64001F", false},
		"only the entry is known":      {"av01.0.04M.08", "av01", true},
		"another entry":                {"hvc1.1.6.L93.B0", "hev1", false},
		"HE-AAC, signalled within":     {"mp4a.40.5", "mp4a.40.2", true},
		"AAC-LC called, HE-AAC inside": {"mp4a.40.2", "mp4a.40.5", false},
	} {
		t.Run(name, func(t *testing.T) {
			if sameCodec(c.declared, c.media) != c.same {
				t.Error("judged otherwise")
			}
		})
	}
}

func TestFrameRate(t *testing.T) {
	whole := func(frames ...int) *rendition {
		r := newRendition("r", "r", mediaKind)
		p := &playlist{TargetDuration: 2, Skipped: -1}
		for i, n := range frames {
			at := address{URL: string(rune('a' + i))}
			p.Segments = append(p.Segments, &segment{MSN: int64(i), At: at, Dur: 2})
			r.Pieces[at] = &piece{Part: -1, Contents: &contents{Runs: []run{{Video: true, Timescale: 90_000, Dur: 180_000, Samples: n}}}}
		}
		r.Versions = []*version{{List: p}}
		return r
	}
	for name, c := range map[string]struct {
		said float64
		r    *rendition
		want int
	}{
		"as it is":                     {30, whole(60, 60, 60, 60, 60), 0},
		"29.97 for 30":                 {29.97, whole(60, 60, 60, 60, 60), 1},
		"25 for 30, from two segments": {25, whole(60, 60), 1},
		"the rate varies, below":       {30, whole(60, 40, 50, 60, 58), 0},
		"the rate varies, above":       {30, whole(100, 40, 80, 90, 70), 1},
		"nothing is said":              {0, whole(60), 0},
	} {
		t.Run(name, func(t *testing.T) {
			var f findings
			if rateTrue(&f, c.r, variant{FrameRate: c.said}); f.failed != c.want {
				t.Errorf("%+v", f)
			}
		})
	}
}

func TestVerdictsOfStretchesJoin(t *testing.T) {
	held, failed, absent := Verdict{State: Held}, Verdict{State: Failed, Failures: 2, Evidence: []string{"a"}}, Verdict{State: NotApplicable}
	for name, c := range map[string]struct {
		old, now Verdict
		sums     bool
		want     State
		failures int
	}{
		"held, then failed":         {held, failed, false, Failed, 2},
		"failed, then held":         {failed, held, false, Failed, 2},
		"failed twice":              {failed, failed, false, Failed, 4},
		"failed, then nothing":      {failed, absent, false, Failed, 2},
		"held, then nothing":        {held, absent, false, Held, 0},
		"nothing, then held":        {absent, held, false, Held, 0},
		"one that sums, held again": {failed, held, true, Held, 0},
	} {
		t.Run(name, func(t *testing.T) {
			if v := join(c.old, c.now, c.sums); v.State != c.want || v.Failures != c.failures {
				t.Errorf("%+v", v)
			}
		})
	}
}

// TestWatchIsBounded: after a stretch only the last playlist and its media stay.
func TestWatchIsBounded(t *testing.T) {
	r := reloads(0, 400, 800, 1200).Renditions[0]
	for i := range 4000 {
		at := address{URL: time.Duration(i).String()}
		r.Pieces[at] = &piece{At: at}
	}
	rec := &record{w: &watch{Renditions: []*rendition{r}}}
	old := rec.cut()
	now := rec.w.Renditions[0]
	if old.Renditions[0] != r || len(now.Versions) != 1 || len(now.Pieces) != 0 || now.Past.Parts.Cases != 3 || now.Past.Constants != r.Versions[0].List {
		t.Errorf("%d versions, %d pieces, %+v", len(now.Versions), len(now.Pieces), now.Past)
	}
	for range maxVersions + 10 {
		rec.version("r", &version{List: listed(400, false, ms(400))})
	}
	if n := len(now.Versions); n != maxVersions {
		t.Errorf("%d versions", n)
	}
}

// TestRecordIsSharedByClients: all at once, for the race detector.
func TestRecordIsSharedByClients(t *testing.T) {
	rec := &record{w: &watch{Renditions: []*rendition{newRendition("r", "r", mediaKind)}}}
	done := make(chan struct{})
	for i := range 4 {
		go func() {
			for n := range 100 {
				rec.version("r", &version{List: listed(400, false, ms(400))})
				rec.piece("r", &piece{At: address{URL: string(rune('a' + i))}}, n%2 == 0)
				rec.pause(epoch, epoch, 0)
				rec.probe(probe{})
				rec.cut()
			}
			done <- struct{}{}
		}()
	}
	for range 4 {
		<-done
	}
	if n := len(rec.w.Renditions); n != 1 {
		t.Errorf("%d renditions", n)
	}
}

func TestPressure(t *testing.T) {
	if d, ok := stalled("testdata/pressure"); !ok || d != 764818345*time.Microsecond {
		t.Errorf("%v %v", d, ok)
	}
	if _, ok := stalled("testdata/none"); ok {
		t.Error("a file that is not there was read")
	}
	for host, here := range map[string]bool{"localhost": true, "127.0.0.1": true, "::1": true, "192.0.2.1": false, "live.example": false} {
		if isHere(host) != here {
			t.Errorf("%s is here: %v", host, !here)
		}
	}
}

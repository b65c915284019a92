package check

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

const (
	// peakShare is how much of BANDWIDTH the measured peak stays below (Apple
	// authoring specification, on multivariant playlists).
	peakShare = 1.25
	// peakLeast is the share of TARGETDURATION that a run of media must last to
	// count for the peak (rfc8216bis §4.1).
	peakLeast = 0.5
	// rateTolerance is how far FRAME-RATE may be from the media, in frames per
	// second, where enough segments were read; less is known from a few.
	rateTolerance  = 0.02
	rateRough      = 0.2
	rateSegments   = 5
	variableShare  = 0.02 // spread of the segments' rates above which the rate varies
	megabit        = 1e6
	noDeclarations = "there is no multivariant playlist, or no fragmented MP4"
)

func variantsTrue(w *watch) Verdict {
	var f findings
	for _, r := range w.videos() {
		for _, v := range r.Variants {
			audio := w.group(v.Audio)
			codecsTrue(&f, r, v, audio)
			if t := r.videoTrack(); t != nil && v.Width > 0 && t.Width > 0 {
				f.expect(v.Width == t.Width && v.Height == t.Height, "%s: RESOLUTION %dx%d, the media is %dx%d", r.Name, v.Width, v.Height, t.Width, t.Height)
			}
			rateTrue(&f, r, v)
			peak := r.peak()
			loudest := 0.0
			for _, a := range audio {
				loudest = max(loudest, a.peak())
			}
			if peak > 0 && v.Bandwidth > 0 {
				sum := peak + loudest
				f.expect(sum < peakShare*float64(v.Bandwidth), "%s: a peak of %.2f Mbit/s, BANDWIDTH %.2f Mbit/s", r.Name, sum/megabit, float64(v.Bandwidth)/megabit)
			}
		}
	}
	return f.verdict("declarations", noDeclarations)
}

// group returns the renditions of an audio group.
func (w *watch) group(id string) (list []*rendition) {
	for _, r := range w.media() {
		if id != "" && r.Group == id {
			list = append(list, r)
		}
	}
	return list
}

// videoTrack returns the track of the last initialization segment in use.
func (r *rendition) videoTrack() *track {
	var last *initialization
	for _, s := range r.stretches() {
		if i := r.Inits[s.Seg.Map]; i != nil {
			last = i
		}
	}
	return last.video()
}

// codecsTrue compares CODECS with the sample entries, both ways.
func codecsTrue(f *findings, r *rendition, v variant, audio []*rendition) {
	var have []string
	for _, x := range append([]*rendition{r}, audio...) {
		for _, i := range x.Inits {
			for _, t := range i.Tracks {
				if !slices.Contains(have, t.Codec) {
					have = append(have, t.Codec)
				}
			}
		}
	}
	for _, c := range have {
		said := slices.ContainsFunc(v.Codecs, func(d string) bool { return sameCodec(d, c) })
		f.expect(said, "%s: CODECS %q, and the media has %s", r.Name, strings.Join(v.Codecs, ","), c)
	}
	if v.Audio != "" && len(audio) == 0 {
		return
	}
	for _, d := range v.Codecs {
		there := slices.ContainsFunc(have, func(c string) bool { return sameCodec(d, c) })
		f.expect(there, "%s: CODECS names %s, and the media has %s", r.Name, d, strings.Join(have, ","))
	}
}

// sameCodec compares a declared codec with one from the media, of which no more
// than the sample entry may be known. AAC-LC with implicit SBR may be called HE-AAC.
func sameCodec(declared, media string) bool {
	d, m := strings.ToLower(declared), strings.ToLower(media)
	if !strings.Contains(m, ".") {
		d, _, _ = strings.Cut(d, ".")
	}
	return d == m || m == "mp4a.40.2" && (d == "mp4a.40.5" || d == "mp4a.40.29")
}

// rateTrue compares FRAME-RATE with the frames of whole segments.
func rateTrue(f *findings, r *rendition, v variant) {
	rates := r.rates()
	if v.FrameRate == 0 || len(rates) == 0 {
		return
	}
	slices.Sort(rates)
	median, most := rates[len(rates)/2], rates[len(rates)-1]
	tolerance := rateTolerance
	if len(rates) < rateSegments {
		tolerance = rateRough
	}
	said := fmt.Sprintf("%s: FRAME-RATE %.3f, the media has %.3f", r.Name, v.FrameRate, median)
	if most-rates[0] > variableShare*median { // FRAME-RATE is the most that occurs
		f.expect(median <= v.FrameRate+rateRough, "%s", said)
		return
	}
	f.expect(math.Abs(median-v.FrameRate) <= tolerance, "%s", said)
}

// rates returns the frame rates of the segments that were read whole.
func (r *rendition) rates() (list []float64) {
	frames, secs := map[int64]int{}, map[int64]float64{}
	parts := map[int64]int{}
	for _, s := range r.stretches() {
		if m := s.Piece.Contents.main(); m.Video && s.Seg.At.URL != "" {
			frames[s.Seg.MSN] += m.Samples
			secs[s.Seg.MSN] += m.seconds()
			if parts[s.Seg.MSN]++; s.Part >= 0 && parts[s.Seg.MSN] < len(s.Seg.Parts) {
				continue
			}
			if secs[s.Seg.MSN] > 0 {
				list = append(list, float64(frames[s.Seg.MSN])/secs[s.Seg.MSN])
			}
		}
	}
	return list
}

// peak returns the highest bit rate of a segment, in bit/s.
func (r *rendition) peak() (most float64) {
	least := peakLeast * float64(r.latest().TargetDuration)
	for _, s := range r.ever() {
		if p := r.Pieces[s.At]; s.At.URL != "" && p.ok() && s.Dur >= least {
			most = max(most, float64(p.Size)*8/s.Dur)
		}
	}
	return most
}

func dropsAgree(w *watch) Verdict {
	var f findings
	list := w.media()
	gaps := 0
	for _, r := range list {
		for _, s := range r.ever() {
			if s.Gap {
				gaps++
			}
			if !s.Discontinuity || s.Wall.IsZero() {
				continue
			}
			for _, other := range list {
				if other != r && other.lists(s) {
					f.expect(other.breaksAt(s), "%s has a DISCONTINUITY at segment %d, %s; %s has neither it nor a GAP there", r.Name, s.MSN, s.Wall.UTC().Format("15:04:05.000"), other.Name)
				}
			}
		}
	}
	reason := "there was neither GAP nor DISCONTINUITY while it was watched"
	if gaps > 0 {
		reason = "there were gaps of single renditions and no drop of the source: no DISCONTINUITY"
	}
	return f.verdict("discontinuities", reason)
}

// lists reports whether r lists the time at which a segment of another begins.
func (r *rendition) lists(s *segment) bool {
	all := r.ever()
	if len(all) == 0 {
		return false
	}
	first, last := all[0], all[len(all)-1]
	margin := seconds(float64(r.latest().TargetDuration))
	return !first.Wall.IsZero() && !last.Wall.IsZero() && first.Wall.Add(margin).Before(s.Wall) && last.Wall.After(s.Wall.Add(margin))
}

// breaksAt reports whether r has a DISCONTINUITY or a GAP at the start of a
// segment of another.
func (r *rendition) breaksAt(s *segment) bool {
	margin := seconds(float64(r.latest().TargetDuration) / 2)
	for _, o := range r.ever() {
		if o.Wall.IsZero() {
			continue
		}
		if o.Discontinuity && o.Wall.Sub(s.Wall).Abs() <= margin {
			return true
		}
		if o.Gap && !o.Wall.After(s.Wall) && o.Wall.Add(seconds(o.Dur)).Add(margin).After(s.Wall) {
			return true
		}
	}
	return false
}

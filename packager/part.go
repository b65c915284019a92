package packager

import (
	"vitrine/internal/media"
	"vitrine/packager/cmaf"
	"vitrine/packager/hls"
)

// onPiece makes a finished run of samples a part, and publishes it.
func (r *rendition) onPiece(p piece) {
	if r.open == nil {
		return
	}
	part := hls.Part{Dur: r.duration(p.dur)}
	runs := 1
	for i := range p.samples {
		if p.samples[i].Sync {
			part.Independent = true
			runs += 2
		}
	}
	r.press.begin(len(p.samples) + runs)
	at := p.start
	for rest := p.samples; len(rest) > 0; {
		run := rest[:r.runOf(rest)]
		rest = rest[len(run):]
		at = r.addFragment(at, run)
	}
	data := r.press.end()
	r.add(part, data)
	r.end = p.start + p.dur
	r.shown = r.end
	r.meter.add(data.size, len(p.samples), part.Dur)
	if p.hole > 0 {
		r.fillHole(r.end + p.hole)
	}
	r.publish(false)
}

// runOf returns how many of the samples the next fragment holds: each keyframe
// of a picture has its own, so that the I-frame playlist can point to it.
func (r *rendition) runOf(samples []cmaf.Sample) int {
	n := 1
	if r.kind == media.Audio {
		return len(samples)
	}
	for !samples[0].Sync && n < len(samples) && !samples[n].Sync {
		n++
	}
	return n
}

// addFragment adds a moof with its mdat to the part in the making, the event
// messages of its time in front, and returns where it ends.
func (r *rendition) addFragment(at int64, samples []cmaf.Sample) (end int64) {
	end = at
	for i := range samples {
		end += int64(samples[i].Dur)
	}
	if r.kind == media.Video {
		if events := r.prog.board.events(r.open.MSN, !r.stated, media.Ticks(at), media.Ticks(end)); len(events) > 0 {
			r.press.head(len(events), func(b []byte) []byte { return append(b, events...) })
		}
		r.stated = true
	}
	offset := r.press.size
	r.seq++
	r.press.head(cmaf.HeadSize(len(samples)), func(b []byte) []byte {
		return cmaf.AppendHead(b, r.seq, uint64(at), samples)
	})
	for i := range samples {
		r.press.add(samples[i].Data)
	}
	if r.kind == media.Video && samples[0].Sync {
		r.open.Keyframes = append(r.open.Keyframes, hls.Keyframe{
			At: r.duration(at - r.open.start), Offset: r.open.size + offset, Size: r.press.size - offset,
		})
	}
	return end
}

// add appends a part to the open segment; data is nil for a gap.
func (r *rendition) add(p hls.Part, data *payload) {
	r.open.Parts = append(r.open.Parts, p)
	r.open.data = append(r.open.data, data)
	r.open.Gap = r.open.Gap || p.Gap && !r.hole
	if data != nil {
		r.open.size += data.size
	}
}

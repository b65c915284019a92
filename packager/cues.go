package packager

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"vitrine/internal/media"
	"vitrine/packager/cmaf"
	"vitrine/packager/id3"
)

// Bounds of cues.
const (
	// maxAhead is how far in the future a cue may be placed.
	maxAhead = 60 * time.Second
	// maxWaiting is how many cues may wait for their part.
	maxWaiting = 1024
	// stateDur is the duration of a state's event message: finite, or some
	// players fire it twice.
	stateDur = time.Second
	// stateIDs is the range of the event ids of states, apart from those of cues.
	stateIDs = 1 << 31
)

// CueDescription is the description of the TXXX frame that carries a cue.
const CueDescription = "vitrine.cue"

// placedCue is a cue with its place on the media timeline.
type placedCue struct {
	at     media.Ticks
	id     uint32
	cue    media.Cue
	listed bool // its date range stands in the playlists
}

// board holds the cues of a program and its state. It is pure.
type board struct {
	cues  []placedCue // by time, then in the order they came
	state []byte      // before the first of cues
	from  media.Ticks // and from here on
	moved bool        // state is no more what the program began with
	count uint32
	buf   []byte
	tag   []byte
	out   []byte
}

// add puts a cue on the board at `at`.
func (b *board) add(c media.Cue, at media.Ticks) (placedCue, error) {
	if !isObject(c.Payload) || len(c.State) > 0 && !isObject(c.State) {
		return placedCue{}, fmt.Errorf("a cue and its state are JSON objects of at most %d bytes", media.MaxCuePayload)
	}
	if len(b.cues) >= maxWaiting {
		return placedCue{}, fmt.Errorf("%d cues are waiting for their part already", maxWaiting)
	}
	b.count++
	p := placedCue{at: at, id: b.count % stateIDs, cue: c}
	i, _ := slices.BinarySearchFunc(b.cues, at+1, func(p placedCue, t media.Ticks) int { return int(p.at - t) })
	b.cues = slices.Insert(b.cues, i, p)
	return p, nil
}

// isObject reports whether p can be stamped with a media time.
func isObject(p []byte) bool {
	return len(p) >= 2 && len(p) <= media.MaxCuePayload && p[0] == '{' && p[len(p)-1] == '}'
}

// begin sets what is on show from `from` to the first cue. What is published before
// it is known is without it, in every rendition alike.
func (b *board) begin(state []byte, from media.Ticks) {
	if !b.moved && (len(state) == 0 || isObject(state)) {
		b.state, b.from = state, from
	}
}

// postpone moves the cues of [from, to), where nothing could carry them, to
// `to`, and tells which.
func (b *board) postpone(from, to media.Ticks, moved func(placedCue)) {
	for i := range b.cues {
		if c := &b.cues[i]; c.at >= from && c.at < to {
			c.at = to
			moved(*c)
		}
	}
}

// prune forgets cues that every rendition has published, but for the state they
// left behind.
func (b *board) prune(before media.Ticks) {
	n := 0
	for n < len(b.cues) && b.cues[n].at < before {
		b.state, b.from, b.moved = b.cues[n].cue.State, 0, true
		n++
	}
	b.cues = slices.Delete(b.cues, 0, n)
}

// stateAt returns what is on show at t.
func (b *board) stateAt(t media.Ticks) []byte {
	var state []byte
	if t >= b.from {
		state = b.state
	}
	for i := range b.cues {
		if b.cues[i].at > t {
			break
		}
		state = b.cues[i].cue.State
	}
	return state
}

// events returns the event messages of a fragment that spans [start, end): the
// state, if that is asked for, and the cues whose time has come. The bytes are
// valid until the next call.
func (b *board) events(msn int64, state bool, start, end media.Ticks) []byte {
	b.out = b.out[:0]
	if on := b.stateAt(start); state && len(on) > 0 {
		b.out = b.appendEvent(b.out, start, media.TicksOf(stateDur), stateIDs|uint32(msn%stateIDs), on)
	}
	for i := range b.cues {
		if c := &b.cues[i]; c.at >= start && c.at < end {
			b.out = b.appendEvent(b.out, c.at, media.TicksOf(c.cue.Dur), c.id, c.cue.Payload)
		}
	}
	return b.out
}

func (b *board) appendEvent(dst []byte, at, dur media.Ticks, id uint32, payload []byte) []byte {
	b.buf = appendStamped(b.buf[:0], payload, at)
	b.tag = id3.Append(b.tag[:0], CueDescription, b.buf)
	return cmaf.AppendEvent(dst, cmaf.Event{
		Timescale: media.TicksPerSecond, Time: uint64(at), Dur: uint32(dur), ID: id, Message: b.tag,
	})
}

// appendStamped appends the JSON object payload with its media time added, in
// seconds, to a precision of 10 µs.
func appendStamped(b, payload []byte, at media.Ticks) []byte {
	b = append(b, payload[:len(payload)-1]...)
	if len(payload) > 2 {
		b = append(b, ',')
	}
	b = append(b, `"media_time":`...)
	b = strconv.AppendFloat(b, float64(media.Rescale(int64(at), media.TicksPerSecond, 100_000))/100_000, 'f', -1, 64)
	return append(b, '}')
}

package rtmp

import (
	"math"
	"testing"

	"vitrine/ingest/ingesttest"
	"vitrine/internal/media"
)

// A session that is 49.7 days on: RTMP's 32 bits of ms wrap, on the wire and in
// every chunk header, and the show does not notice.
func TestTheClockWraps(t *testing.T) {
	s := start(t)
	e := publishing(t, s)
	const pictures = 100
	first := uint32(math.MaxUint32 - 50*40) // the middle one is beyond
	e.send(message{typ: typeVideo, stream: 1, time: first, body: avcTag(packetConfig, 0, testConfig)})
	e.send(message{typ: typeAudio, stream: 1, time: first, body: aacTag(packetConfig, testASC)})
	for i := range uint32(pictures) {
		e.picture(first + i*40)
		e.send(message{typ: typeAudio, stream: 1, time: first + i*40 + 21, body: aacTag(packetFrame, []byte{0x21, 1})})
	}
	s.rec.Wait(t, "all of it", func(r *ingesttest.Recorder) bool { return len(r.Units()) == 2*pictures })
	for i, u := range s.rec.Units() {
		want := media.Ticks(first) * 90
		if want += media.Ticks(i/2*40+i%2*21) * 90; u.DTS != want || u.PTS != want {
			t.Fatalf("unit %d at %d, want %d", i, u.DTS, want)
		}
	}
}

// Years of a show by its tags: every wrap, with sound and pictures out of order
// about it, and B-frames.
func TestTheClockWrapsAgainAndAgain(t *testing.T) {
	var d demuxer
	if _, _, err := d.video(0, avcTag(packetConfig, 0, testConfig)); err != nil {
		t.Fatal(err)
	}
	if _, _, err := d.audio(0, aacTag(packetConfig, testASC)); err != nil {
		t.Fatal(err)
	}
	const step = 86_413_000 // ms: about a day
	for i := range int64(1000) {
		at := i * step
		u, ok, err := d.video(uint32(at), avcTag(packetFrame, 80, testIDR))
		if err != nil || !ok || u.DTS != milliseconds(at) || u.PTS != milliseconds(at+80) {
			t.Fatalf("day %d: %v, %v, %v at %d", i, err, ok, u.DTS, at)
		}
		late := max(at-300, 0) // sound that comes later than the picture beside it
		if u, ok, err = d.audio(uint32(late), aacTag(packetFrame, []byte{0x21, 1})); err != nil || !ok || u.PTS != milliseconds(late) {
			t.Fatalf("day %d: %v, %v, %v at %d", i, err, ok, u.PTS, late)
		}
	}
}

// A picture that claims to be shown hours later would take the show along.
func TestCompositionTimesAreBounded(t *testing.T) {
	var d demuxer
	if _, _, err := d.video(0, avcTag(packetConfig, 0, testConfig)); err != nil {
		t.Fatal(err)
	}
	for composition, want := range map[int32]bool{
		0: true, maxComposition: true, -maxComposition: true,
		maxComposition + 1: false, -maxComposition - 1: false, 1<<23 - 1: false, -1 << 23: false,
	} {
		if _, ok, err := d.video(40, avcTag(packetFrame, composition, testIDR)); ok != want || err != nil {
			t.Errorf("%d ms: %v, %v", composition, ok, err)
		}
	}
}

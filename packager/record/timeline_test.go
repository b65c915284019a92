package record

import (
	"slices"
	"testing"

	"vitrine/internal/media"
)

const second = media.TicksPerSecond

func stretch(take int64, from, to float64) span {
	return span{take: take, from: media.Ticks(from * second), to: media.Ticks(to * second)}
}

func TestTimelineLaysTakesEndToEnd(t *testing.T) {
	type at struct{ take, in, out float64 }
	for name, tc := range map[string]struct {
		takes        []int64
		video, audio []span
		length       float64
		places       []at
	}{
		"what is whole begins at 0": {
			takes: []int64{100}, video: []span{stretch(100, 1, 9)}, audio: []span{stretch(100, 1.02, 9.01)},
			length: 8.01, places: []at{{100, 1, 0}, {100, 4.5, 3.5}, {100, 0.5, 0}},
		},
		"a time without both is left out": {
			takes: []int64{100}, video: []span{stretch(100, 1, 9), stretch(100, 30, 40)}, audio: []span{stretch(100, 1, 9), stretch(100, 30.5, 40)},
			length: 18, places: []at{{100, 8.9, 7.9}, {100, 9, 8}, {100, 20, 8}, {100, 31, 9}},
		},
		"a time without one of them is not": {
			takes: []int64{100}, video: []span{stretch(100, 1, 5), stretch(100, 7, 9)}, audio: []span{stretch(100, 1, 9)},
			length: 8, places: []at{{100, 6, 5}, {100, 8, 7}},
		},
		"the next take follows, though its clock begins anew": {
			takes: []int64{100, 200}, video: []span{stretch(100, 1, 11), stretch(200, 1, 3)}, audio: nil,
			length: 12, places: []at{{100, 11, 10}, {100, 50, 10}, {200, 1, 10}, {200, 2, 11}},
		},
		"rounding makes no hole": {
			takes: []int64{100}, video: []span{stretch(100, 1, 3), stretch(100, 3.01, 5)}, audio: nil,
			length: 4, places: []at{{100, 4, 3}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			line := newTimeline(tc.takes, tc.video, tc.audio)
			if got := line.duration().Seconds(); got != tc.length {
				t.Errorf("%v s long, want %v", got, tc.length)
			}
			for _, p := range tc.places {
				got, ok := line.place(int64(p.take), media.Ticks(p.in*second))
				if off := got - media.Ticks(p.out*second); !ok || off < -1 || off > 1 {
					t.Errorf("%v s of take %v comes at %v s, %v; want %v", p.in, p.take, got.Seconds(), ok, p.out)
				}
			}
			last := tc.takes[len(tc.takes)-1]
			if got, ok := line.place(last, 1000*second); ok {
				t.Errorf("what was never recorded comes at %v", got)
			}
		})
	}
}

func TestMoverKeepsPictureAndSoundTogether(t *testing.T) {
	line := newTimeline([]int64{100, 200},
		[]span{stretch(100, 1, 9), stretch(100, 29.97, 40), stretch(200, 1, 5)}, []span{stretch(100, 1.01, 9), stretch(100, 30, 40), stretch(200, 1.021, 5)})
	for _, take := range []int64{100, 200} {
		video, audio := line.mover(take, second), line.mover(take, 44100)
		for at := int64(2); at < 5; at++ {
			v, a := float64(video(at*second))/second, float64(audio(at*44100))/44100
			if off := v - a; off < -1./44100 || off > 1./44100 {
				t.Errorf("take %d, second %d: picture at %v, sound at %v", take, at, v, a)
			}
		}
	}
}

func TestChapters(t *testing.T) {
	show := func(at float64, no, title string) Entry {
		return Entry{Take: 100, At: media.Ticks(at * second), Payload: []byte(`{"type":"show","product":{"no":` + no + `,"title":"` + title + `"}}`)}
	}
	hide := Entry{Take: 100, At: 4 * second, Payload: []byte(`{"type":"hide","product":{"no":7}}`)}
	line := newTimeline([]int64{100}, []span{stretch(100, 1, 11), stretch(100, 21, 31)})
	for name, tc := range map[string]struct {
		cues []Entry
		want []chapter
	}{
		"none": {},
		"one from the beginning": {
			cues: []Entry{show(1, "7", "Auburn wave")}, want: []chapter{{0, "7 Auburn wave"}},
		},
		"what comes before the first has a name": {
			cues: []Entry{show(3, "7", "Auburn wave"), hide}, want: []chapter{{0, opening}, {2 * second, "7 Auburn wave"}},
		},
		"in the order of the picture": {
			cues: []Entry{show(5, "2", "B"), show(1, "1", "A")}, want: []chapter{{0, "1 A"}, {4 * second, "2 B"}},
		},
		"in a gap, where the picture goes on; and of two the later one": {
			cues: []Entry{show(1, "1", "A"), show(12, "2", "B"), show(15, "3", "C")}, want: []chapter{{0, "1 A"}, {10 * second, "3 C"}},
		},
		"not after the end": {cues: []Entry{show(40, "1", "A")}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := chapters(tc.cues, line); !slices.Equal(got, tc.want) {
				t.Errorf("%v, want %v", got, tc.want)
			}
		})
	}
	const want = ";FFMETADATA1\ntitle=a\\=b\n[CHAPTER]\nTIMEBASE=1/90000\nSTART=0\nEND=5\ntitle=1 A\\; B\\#\\\\ C\n[CHAPTER]\nTIMEBASE=1/90000\nSTART=5\nEND=9\ntitle=2\n"
	if got := metadata("a=b", []chapter{{0, "1 A; B#\\\nC"}, {5, "2"}}, 9); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

package packager_test

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"vitrine/internal/media"
	"vitrine/packager"
	"vitrine/packager/asset"
)

// shelf is an archive that keeps everything in memory.
type shelf struct{ kept []packager.Kept }

func (s *shelf) Keep(k packager.Kept) { s.kept = append(s.kept, k) }

func (s *shelf) segments(rendition string) []*packager.KeptSegment {
	var out []*packager.KeptSegment
	for _, k := range s.kept {
		if k.Segment != nil && k.Segment.Rendition == rendition {
			out = append(out, k.Segment)
		}
	}
	return out
}

// TestArchiveGetsWhatViewersGet: every complete segment of every rendition, its
// init before it, and nothing after the end.
func TestArchiveGetsWhatViewersGet(t *testing.T) {
	s := &shelf{}
	st := newStudio(t, func(c *packager.Config) { c.Archive = s })
	st.run(320)
	if want := []string{"source", "240p", "audio"}; !slices.Equal(s.kept[0].Renditions, want) {
		t.Fatalf("it begins with %+v", s.kept[0])
	}
	inits := map[string]int{}
	for _, k := range s.kept {
		if k.Init != nil {
			inits[k.Init.Rendition]++
		}
		if k.Segment != nil && inits[k.Segment.Rendition] == 0 {
			t.Fatalf("%s %d comes before its init", k.Segment.Rendition, k.Segment.MSN)
		}
	}
	for name, scale := range map[string]int64{"source": 90000, "240p": 90000, "audio": 48000} {
		list := s.segments(name)
		if inits[name] != 1 || len(list) < 4 {
			t.Fatalf("%s: %d inits, %d segments", name, inits[name], len(list))
		}
		for i, seg := range list {
			b, err := st.fetch(asset.Request{Kind: asset.Segment, Rendition: name, Epoch: epoch, MSN: seg.MSN})
			if err != nil || !bytes.Equal(b, bytes.Join(seg.Data(), nil)) {
				t.Errorf("%s %d: other bytes than viewers get, %v", name, seg.MSN, err)
			}
			if i > 0 && (seg.MSN != list[i-1].MSN+1 || seg.Start != list[i-1].Start+list[i-1].Dur) || seg.Gap || seg.Dur < scale*19/10 {
				t.Errorf("%s: %+v after %+v", name, seg, list[max(i-1, 0)])
			}
			if first := fragments(mustDecode(t, b))[0].Moof.Traf.Tfdt.BaseMediaDecodeTime(); int64(first) != seg.Start {
				t.Errorf("%s %d begins at %d, said %d", name, seg.MSN, first, seg.Start)
			}
		}
	}
	complete := len(s.segments("source"))
	st.End()
	if last := s.kept[len(s.kept)-1]; !last.Ended || len(s.segments("source")) != complete+1 {
		t.Errorf("it ends with %+v, %d segments after %d", last, len(s.segments("source")), complete)
	}
}

// TestArchiveGetsCuesWhereTheyAre: also when they are moved, as nobody sent a
// picture there.
func TestArchiveGetsCuesWhereTheyAre(t *testing.T) {
	s := &shelf{}
	st := newStudio(t, func(c *packager.Config) { c.Archive = s })
	st.run(200)
	placed, err := st.AddCue(media.Cue{ID: "A", At: st.now.Add(time.Second), Dur: time.Second, Payload: []byte(`{"id":"A"}`)})
	if err != nil {
		t.Fatal(err)
	}
	st.Away()
	for range 100 {
		st.pass(50 * time.Millisecond)
	}
	st.comeBack()
	st.run(200)
	var cues []*packager.KeptCue
	gaps := 0
	for _, k := range s.kept {
		if k.Cue != nil {
			cues = append(cues, k.Cue)
		}
		if k.Segment != nil && k.Segment.Gap {
			gaps++
		}
	}
	if len(cues) != 2 || cues[0].At != placed.Media || cues[1].Number != cues[0].Number || cues[1].At != st.base || string(cues[1].Payload) != `{"id":"A"}` {
		t.Errorf("placed at %d, moved to %d: %+v", placed.Media, st.base, cues)
	}
	if gaps == 0 {
		t.Error("the time without an encoder is no gap")
	}
}

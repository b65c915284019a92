package packager_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/asticode/go-astits"
	"github.com/grafov/m3u8"

	"vitrine/internal/media"
	"vitrine/packager"
	"vitrine/packager/asset"
)

// PIDs of a segment.
const (
	pidVideo = 0x100
	pidAudio = 0x101
	pidID3   = 0x102
)

func (s *studio) legacyPlaylist(rendition string) string {
	s.t.Helper()
	b, err := s.fetch(asset.Request{Output: asset.Legacy, Kind: asset.Playlist, Rendition: rendition})
	if err != nil {
		s.t.Fatal(err)
	}
	return string(b)
}

func (s *studio) legacySegment(rendition string, msn int64) ([]byte, error) {
	return s.fetch(asset.Request{Output: asset.Legacy, Kind: asset.Segment, Rendition: rendition, Epoch: epoch, MSN: msn})
}

// demux returns the PES of a segment of MPEG-TS, by PID.
func demux(t *testing.T, b []byte) map[uint16][]*astits.PESData {
	t.Helper()
	out := map[uint16][]*astits.PESData{}
	d := astits.NewDemuxer(context.Background(), bytes.NewReader(b), astits.DemuxerOptPacketSize(astits.MpegTsPacketSize))
	for {
		data, err := d.NextData()
		if errors.Is(err, astits.ErrNoMorePackets) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		if data.PES != nil {
			out[data.PID] = append(out[data.PID], data.PES)
		}
	}
}

// whole demuxes all that a legacy playlist lists.
func (s *studio) whole(rendition string) map[uint16][]*astits.PESData {
	s.t.Helper()
	var all []byte
	for line := range strings.Lines(s.legacyPlaylist(rendition)) {
		var e, msn int64
		if n, _ := fmt.Sscanf(line, "%d/%d.ts", &e, &msn); n < 2 {
			continue
		}
		b, err := s.legacySegment(rendition, msn)
		if errors.Is(err, asset.ErrNotFound) {
			continue // a gap
		}
		if err != nil {
			s.t.Fatal(err)
		}
		all = append(all, b...)
	}
	return demux(s.t, all)
}

func TestLegacyHasTheSameFramesAndCues(t *testing.T) {
	s := newStudio(t, nil)
	s.reorder = 2 * frameTicks
	s.SetState([]byte(`{"v":1,"type":"state","on":[]}`))
	s.run(100)
	p, err := s.AddCue(media.Cue{ID: "c", At: s.now, Dur: time.Second, Payload: []byte(`{"v":1,"id":"c1"}`), State: []byte(`{"v":1,"type":"state","on":[7]}`)})
	if err != nil {
		t.Fatal(err)
	}
	s.run(160)
	for _, r := range []string{"source", "240p"} {
		got := s.whole(r)
		i := 0
		for _, f := range fragments(s.media(r)) {
			samples, err := f.GetFullSamples(nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, x := range samples {
				if at := got[pidVideo][i].Header.OptionalHeader.PTS.Base; at != x.PresentationTime() {
					t.Fatalf("%s: picture %d at %d, in CMAF at %d", r, i, at, x.PresentationTime())
				}
				if !bytes.HasSuffix(got[pidVideo][i].Data, x.Data[4:]) {
					t.Fatalf("%s: picture %d is another", r, i)
				}
				i++
			}
		}
		if i != len(got[pidVideo]) || i != 4*60 {
			t.Errorf("%s: %d pictures, in CMAF %d", r, len(got[pidVideo]), i)
		}
		if n := bytes.Count(joined(got[pidAudio]), []byte("sound ")); n < 374 || n > 376 {
			t.Errorf("%s: %d frames of sound in 8 s", r, n)
		}
		if n := len(got[pidID3]); n != 5 {
			t.Fatalf("%s: %d cues, want 4 states and one more", r, n)
		}
		cue := got[pidID3][2]
		want := fmt.Sprintf(`"media_time":%v}`, p.Media.Seconds())
		if cue.Header.OptionalHeader.PTS.Base != int64(p.Media) || !bytes.Contains(cue.Data, []byte(`"id":"c1"`)) || !bytes.Contains(cue.Data, []byte(want)) {
			t.Errorf("%s: cue %q at %d, placed at %d", r, cue.Data, cue.Header.OptionalHeader.PTS.Base, p.Media)
		}
	}
}

func joined(all []*astits.PESData) (b []byte) {
	for _, p := range all {
		b = append(b, p.Data...)
	}
	return b
}

func TestLegacyListings(t *testing.T) {
	s := newStudio(t, nil)
	s.run(200)
	text, err := s.fetch(asset.Request{Output: asset.Legacy, Kind: asset.Multivariant})
	if err != nil {
		t.Fatal(err)
	}
	p, kind, err := m3u8.DecodeFrom(bytes.NewReader(text), true)
	if err != nil || kind != m3u8.MASTER {
		t.Fatal(err)
	}
	variants := p.(*m3u8.MasterPlaylist).Variants
	if len(variants) != 2 || variants[1].URI != "240p/index.m3u8" || variants[1].Codecs != "avc1.4D401E,mp4a.40.2" || strings.Contains(string(text), "EXT-X-MEDIA") || !strings.Contains(string(text), "VERSION:3\n") {
		t.Errorf("%s", text)
	}
	list := s.legacyPlaylist("source")
	if p, kind, err = m3u8.DecodeFrom(strings.NewReader(list), true); err != nil || kind != m3u8.MEDIA {
		t.Fatal(err)
	}
	if media := p.(*m3u8.MediaPlaylist); media.Count() != 3 || media.SeqNo != uint64(epoch) || media.Segments[2].URI != fmt.Sprintf("%d/%d.ts", epoch, epoch+2) {
		t.Errorf("%s", list)
	}
	for _, tag := range []string{"PART", "SERVER-CONTROL", "MAP", "SKIP", "PRELOAD-HINT", "RENDITION-REPORT", "ENDLIST"} {
		if strings.Contains(list, tag) {
			t.Errorf("%s in\n%s", tag, list)
		}
	}
	if count(list, "PROGRAM-DATE-TIME:2026-11-22T10:00:02.000Z") != 1 {
		t.Errorf("%s", list)
	}
	s.End()
	if list := s.legacyPlaylist("240p"); count(list, "EXTINF") != 4 || !strings.HasSuffix(list, "#EXT-X-ENDLIST\n") {
		t.Errorf("after the end\n%s", list)
	}
}

func TestLegacySegmentIsListedWithItsSound(t *testing.T) {
	s := newStudio(t, nil)
	s.run(130)
	s.noAudio = true
	s.run(60)
	if a, b := count(s.playlist("source"), "EXTINF"), count(s.legacyPlaylist("source"), "EXTINF"); a != 3 || b != 2 {
		t.Errorf("%d segments, and %d with sound", a, b)
	}
	if _, err := s.legacySegment("source", epoch+2); !errors.Is(err, asset.ErrNotFound) {
		t.Errorf("without its sound: %v", err)
	}
	s.noAudio = false
	s.run(10)
	if b := count(s.legacyPlaylist("source"), "EXTINF"); b != 3 {
		t.Errorf("%d segments when the sound has come", b)
	}
}

func TestLegacyIsRenderedWhenSomebodyAsks(t *testing.T) {
	s := newStudio(t, nil)
	s.run(70)
	for range 39 {
		s.run(60)
		s.legacyPlaylist("source")
	}
	if n, _ := packager.RenderedTS(s.Program, "source"); n != 0 {
		t.Fatalf("%d segments are rendered, and nobody asked", n)
	}
	ask := asset.Request{Output: asset.Legacy, Kind: asset.Segment, Rendition: "source", Epoch: epoch, MSN: epoch + 38}
	var viewers sync.WaitGroup
	answers := make([]asset.Asset, 20)
	for i := range answers {
		viewers.Go(func() {
			var err error
			if answers[i], err = s.Fetch(t.Context(), ask); err != nil {
				t.Error(err)
			}
		})
	}
	viewers.Wait()
	for _, a := range answers {
		if &a.Body[0][0] != &answers[0].Body[0][0] {
			t.Fatal("rendered more than once")
		}
		if !a.Immutable || a.ContentType != "video/mp2t" || a.ETag == "" {
			t.Errorf("%+v", a)
		}
	}
	if n, _ := packager.RenderedTS(s.Program, "240p"); n != 0 {
		t.Errorf("%d segments of another rendition", n)
	}
}

func TestLegacyKeepsNoMoreThanCMAF(t *testing.T) {
	s := newStudio(t, nil)
	for i := range int64(100) {
		s.run(60)
		if i > 2 {
			if _, err := s.legacySegment("source", epoch+i-2); err != nil {
				t.Fatal(err)
			}
		}
	}
	if n, kept := packager.RenderedTS(s.Program, "source"); n > kept || kept > 30 {
		t.Errorf("%d rendered segments of %d", n, kept)
	}
}

func TestLegacyOverAnotherTrack(t *testing.T) {
	s := newStudio(t, nil)
	s.run(130)
	s.picture = &media.Track{
		Kind: media.Video, Codec: media.H264, Width: 640, Height: 360,
		Config: bytes.Replace(video.Config, []byte{0x68, 0xeb}, []byte{0x68, 0xec}, 1),
	}
	s.run(170)
	list := s.legacyPlaylist("source")
	if count(list, "#EXT-X-DISCONTINUITY\n") != 1 {
		t.Fatalf("no discontinuity\n%s", list)
	}
	for msn, pps := range map[int64]string{epoch: "\x68\xeb", epoch + 3: "\x68\xec"} {
		b, err := s.legacySegment("source", msn)
		if err != nil {
			t.Fatal(err)
		}
		if first := demux(t, b)[pidVideo][0].Data; !bytes.Contains(first, []byte("\x00\x00\x01"+pps)) {
			t.Errorf("segment %d begins with %q", msn-epoch, first)
		}
	}
}

func TestLegacyOverAGap(t *testing.T) {
	s := newStudio(t, nil)
	s.run(150)
	s.Away()
	for range 100 {
		s.pass(50 * time.Millisecond)
	}
	s.comeBack()
	s.run(130)
	list := s.legacyPlaylist("source")
	if count(list, "#EXT-X-GAP\n") < 1 || count(list, "#EXT-X-DISCONTINUITY\n") != 1 {
		t.Fatalf("%s", list)
	}
	msn := epoch + int64(count(list[:strings.Index(list, "#EXT-X-GAP")], "EXTINF"))
	if _, err := s.legacySegment("source", msn); !errors.Is(err, asset.ErrNotFound) {
		t.Errorf("a gap: %v", err)
	}
	if n := len(s.whole("source")[pidVideo]); n < 180 {
		t.Errorf("%d pictures around the gap", n)
	}
}

func TestLegacyPictureAlone(t *testing.T) {
	s := newStudio(t, nil)
	s.noAudio = true
	s.run(200)
	if got := s.whole("source"); len(got[pidVideo]) != 180 || len(got[pidAudio]) != 0 {
		t.Errorf("%d pictures, %d of sound", len(got[pidVideo]), len(got[pidAudio]))
	}
}

func TestLegacySoundAlone(t *testing.T) {
	s := newStudio(t, nil)
	for i := range 400 {
		pts := media.TicksPerSecond + media.Ticks(i)*1920
		s.timeline.Observe(pts, s.now)
		s.write(packager.Audio, media.Unit{Track: audio, PTS: pts, DTS: pts, Sync: true, Data: []byte("sound ")})
		s.pass(21333 * time.Microsecond)
	}
	text, err := s.fetch(asset.Request{Output: asset.Legacy, Kind: asset.Multivariant})
	if err != nil || count(string(text), "STREAM-INF") != 1 || !strings.Contains(string(text), "audio/index.m3u8") {
		t.Errorf("%v\n%s", err, text)
	}
	if got := s.whole("audio"); count(string(joined(got[pidAudio])), "sound ") < 280 || len(got[pidVideo]) != 0 || len(got[pidID3]) != 0 {
		t.Errorf("%d PES of sound", len(got[pidAudio]))
	}
}

func TestLegacyHasNothingElse(t *testing.T) {
	s := newStudio(t, nil)
	s.run(200)
	for name, r := range map[string]asset.Request{
		"the sound beside pictures":      {Kind: asset.Playlist, Rendition: "audio"},
		"an unknown rendition":           {Kind: asset.Playlist, Rendition: "4320p"},
		"a segment that is not complete": {Kind: asset.Segment, Rendition: "source", Epoch: epoch, MSN: epoch + 3},
		"another show's segment":         {Kind: asset.Segment, Rendition: "source", Epoch: epoch - 1, MSN: epoch},
		"a part":                         {Kind: asset.Part, Rendition: "source", Epoch: epoch, MSN: epoch},
	} {
		r.Output = asset.Legacy
		if _, err := s.fetch(r); !errors.Is(err, asset.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRungIsNotCalledLikeAnOutput(t *testing.T) {
	_, err := packager.New(packager.Config{
		PartTarget: 350 * time.Millisecond, Segment: 2 * time.Second, Rungs: []packager.Rung{{Name: "ts"}},
		Timeline: &media.Timeline{}, Log: slog.New(slog.DiscardHandler),
	})
	if err == nil || !strings.Contains(err.Error(), `"ts"`) {
		t.Error(err)
	}
}

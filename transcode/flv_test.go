package transcode

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"vitrine/internal/media"
)

func TestFLVBytes(t *testing.T) {
	t.Parallel()
	track := &media.Track{Kind: media.Video, Codec: media.H264}
	for name, row := range map[string]struct{ got, want []byte }{
		"header": {appendFLVHeader(nil, true, true), []byte{'F', 'L', 'V', 1, 5, 0, 0, 0, 9, 0, 0, 0, 0}},
		"extended timestamp and a negative composition time": {
			appendAVC(nil, 0x12345678, -2, media.Unit{Track: track, Sync: true, Data: []byte{9, 8}}),
			[]byte{9, 0, 0, 7, 0x34, 0x56, 0x78, 0x12, 0, 0, 0, 0x17, 1, 0xFF, 0xFF, 0xFE, 9, 8, 0, 0, 0, 18},
		},
		"an inter picture": {
			appendAVC(nil, 1, 2, media.Unit{Track: track, Data: []byte{9}}),
			[]byte{9, 0, 0, 6, 0, 0, 1, 0, 0, 0, 0, 0x27, 1, 0, 0, 2, 9, 0, 0, 0, 17},
		},
		"a sequence header": {
			appendAVCConfig(nil, 1, []byte{7}),
			[]byte{9, 0, 0, 6, 0, 0, 1, 0, 0, 0, 0, 0x17, 0, 0, 0, 0, 7, 0, 0, 0, 17},
		},
		"sound in AAC": {
			appendAAC(nil, 1, aacRaw, []byte{7}),
			[]byte{8, 0, 0, 3, 0, 0, 1, 0, 0, 0, 0, 0xAF, 1, 7, 0, 0, 0, 14},
		},
		"a Matroska cluster of one picture, with a parameter set before it": {
			appendCluster(nil, mkvPicture, 0x1234, media.Unit{Sync: true, Data: []byte{9}}, [][]byte{{7}}),
			[]byte{
				0x1F, 0x43, 0xB6, 0x75, 0x80 + 22, 0xE7, 0x88, 0, 0, 0, 0, 0, 0, 0x12, 0x34,
				0xA3, 0x80 + 10, 0x81, 0, 0, 0x80, 0, 0, 0, 1, 7, 9,
			},
		},
		"a size of two bytes, since 127 would mean that it is not known": {appendSize(nil, 127), []byte{0x40, 0x7F}},
		"the OpusHead of a dOps": {opusHead([]byte{0, 2, 1, 0x38, 0, 0, 0xBB, 0x80, 0, 0, 0}), []byte("OpusHead\x01\x02\x38\x01\x80\xbb\x00\x00\x00\x00\x00")},
		"sound": {
			appendMP3(nil, 1, []byte{7}),
			[]byte{8, 0, 0, 2, 0, 0, 1, 0, 0, 0, 0, 0x2F, 7, 0, 0, 0, 13},
		},
	} {
		if !bytes.Equal(row.got, row.want) {
			t.Errorf("%s: got %x, want %x", name, row.got, row.want)
		}
	}
}

// discard is an FFmpeg that takes everything.
type discard struct{}

func (discard) Write(b []byte) (int, error) { return len(b), nil }

func testFeeder() *feeder {
	return &feeder{
		video:  &media.Track{Kind: media.Video, Codec: media.H264},
		audio:  &media.Track{Kind: media.Audio, Codec: media.MP3},
		origin: originMS, w: discard{},
		now: time.Now, begun: func(*clock) {}, fed: func() {},
	}
}

func TestFeedingAllocatesNothing(t *testing.T) {
	for _, codec := range []media.Codec{media.H264, media.HEVC} {
		f := testFeeder()
		f.video = &media.Track{Kind: media.Video, Codec: codec}
		u := media.Unit{Track: f.video, Sync: true, Data: make([]byte, 5000)}
		feed := func() {
			if err := f.write(u); err != nil {
				t.Fatal(err)
			}
			u.DTS += 3000
			u.PTS = u.DTS
		}
		for range 2 * maxStamps {
			feed()
		}
		if n := testing.AllocsPerRun(1000, feed); n > 0 {
			t.Errorf("%v: %v allocations a picture", codec, n)
		}
	}
}

func TestFeederRefusesImpossibleTimes(t *testing.T) {
	t.Parallel()
	track := &media.Track{Kind: media.Video, Codec: media.H264}
	sound := &media.Track{Kind: media.Audio, Codec: media.MP3}
	for name, u := range map[string]media.Unit{
		"time going back":         {Track: track, DTS: -90, PTS: -90},
		"25 days":                 {Track: track, DTS: 25 * 86400 * media.TicksPerSecond, PTS: 25 * 86400 * media.TicksPerSecond},
		"shown hours later":       {Track: track, PTS: 3 * 3600 * media.TicksPerSecond},
		"shown hours before":      {Track: track, PTS: -3 * 3600 * media.TicksPerSecond},
		"sound 25 days from here": {Track: sound, DTS: 25 * 86400 * media.TicksPerSecond},
	} {
		f := testFeeder()
		if err := f.write(media.Unit{Track: track, Sync: true}); err != nil {
			t.Fatal(err)
		}
		if err := f.write(u); !errors.Is(err, errTimeline) {
			t.Errorf("%s: got %v, want errTimeline", name, err)
		}
	}
}

func TestFeederBeginsAtAKeyframe(t *testing.T) {
	t.Parallel()
	var got [][]byte
	f := testFeeder()
	f.w = writes(func(b []byte) { got = append(got, bytes.Clone(b)) })
	track := &media.Track{Kind: media.Video, Codec: media.H264, Config: []byte("avcC")}
	same := &media.Track{Kind: media.Video, Codec: media.H264, Config: []byte("avcC")}
	mp3 := &media.Track{Kind: media.Audio, Codec: media.MP3}
	in := []media.Unit{
		{Track: track, Data: []byte("lost")},
		{Track: mp3, Data: []byte("older")},
		{Track: mp3, DTS: 10 * ticksPerMS, Data: []byte("heard")},
		{Track: track, DTS: 20 * ticksPerMS, PTS: 20 * ticksPerMS, Sync: true, Data: []byte("key")},
		{Track: mp3, DTS: -3600 * media.TicksPerSecond, Data: []byte("ancient")},
		{Track: same, DTS: 60 * ticksPerMS, PTS: 60 * ticksPerMS, Data: []byte("next")},
	}
	if err := f.run(t.Context(), &stored{in}, f.w); err != nil {
		t.Fatal(err)
	}
	first := slices.Concat(
		appendFLVHeader(nil, true, true), appendMetadata(nil, 30),
		appendMP3(nil, originMS-10, []byte("heard")),
		appendAVCConfig(nil, originMS, []byte("avcC")), appendAVC(nil, originMS, 0, in[3]),
	)
	want := [][]byte{first, {}, appendAVC(nil, originMS+40, 0, in[5])}
	if !slices.EqualFunc(got, want, bytes.Equal) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

type writes func([]byte)

func (w writes) Write(b []byte) (int, error) { w(b); return len(b), nil }

func TestFeederPassesOnWhatItsSourceSays(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := testFeeder().run(ctx, waiting{}, discard{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

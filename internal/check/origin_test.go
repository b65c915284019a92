package check

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Eyevinn/mp4ff/mp4"
)

// The origin under test is a correct LL-HLS server, whose playlists and media
// are functions of time: parts of 0.5 s, segments of 2 s, a picture in two
// qualities, sound, and I-frames. A test spoils one thing of it.
const (
	partTime     = 500 * time.Millisecond
	partsPer     = 4
	segmentTime  = partsPer * partTime
	framesPer    = 10 // a part
	listedSegs   = 12
	partsListed  = 4 // segments with their parts
	firstMSN     = 100
	cueEvery     = 7 // parts
	videoScale   = 90_000
	audioScale   = 48_000
	rangeListed  = 20 * time.Second
	skipUntil    = 12
	originTarget = 2
)

// origin is the server. Its fields spoil it.
type origin struct {
	t     testing.TB
	began time.Time // when its programme began
	made  sync.Map  // parts, by name

	end    int // parts after which it ends; 0 for never
	gap    int // segment index of a gap of two; 0 for none
	noCues bool

	playlist func(rendition, text string) string
	media    func(rendition string, seg, part int, b []byte) []byte
	event    func(rendition string, e *mp4.EmsgBox)
	frames   func(rendition string, seg, part int, list []mp4.FullSample) []mp4.FullSample
	answer   func(w http.ResponseWriter, r *http.Request) bool // true: it has answered
	late     func(rendition string, part int) time.Duration    // by how much a part is listed late
}

const spsHex, ppsHex = "67640020accac05005bb0169e0000003002000000c9c4c000432380008647c12401cb1c31380", "68b5df20"

// mainPlaylist is the multivariant playlist.
const mainPlaylist = `#EXTM3U
#EXT-X-VERSION:6
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="sound",NAME="Main",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="2",URI="audio/index.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=200000,AVERAGE-BANDWIDTH=150000,CODECS="avc1.640020,mp4a.40.2",RESOLUTION=1280x720,FRAME-RATE=20.000,AUDIO="sound"
hi/index.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=190000,AVERAGE-BANDWIDTH=150000,CODECS="avc1.640020,mp4a.40.2",RESOLUTION=1280x720,FRAME-RATE=20.000,AUDIO="sound"
lo/index.m3u8
#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=20000,CODECS="avc1.640020",RESOLUTION=1280x720,URI="iframes/index.m3u8"
`

var renditionsHere = []string{"hi", "lo", "audio"}

// available returns how many parts are listed at this moment.
func (o *origin) available(rendition string) int {
	n := int(time.Since(o.began) / partTime)
	if o.late != nil {
		for n > 0 && time.Since(o.began) < time.Duration(n)*partTime+o.late(rendition, n-1) {
			n--
		}
	}
	if o.end > 0 {
		n = min(n, o.end)
	}
	return n
}

func (o *origin) gone(seg int) bool { return o.gap > 0 && (seg == o.gap || seg == o.gap+1) }

func (o *origin) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Cache-Control", "max-age=1")
	if o.answer != nil && o.answer(w, r) {
		return
	}
	f := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	switch {
	case len(f) == 1 && f[0] == "index.m3u8":
		o.text(w, r, "", mainPlaylist)
	case len(f) == 2 && f[1] == "index.m3u8":
		o.list(w, r, f[0])
	case len(f) == 2:
		o.piece(w, r, f[0], f[1])
	default:
		http.Error(w, "no such thing", http.StatusNotFound)
	}
}

func (o *origin) text(w http.ResponseWriter, r *http.Request, rendition, text string) {
	if o.playlist != nil {
		text = o.playlist(rendition, text)
	}
	w.Header().Set("Content-Type", "application/vnd.apple.mpegurl")
	if r.Header.Get("Accept-Encoding") != "gzip" {
		io.WriteString(w, text)
		return
	}
	w.Header().Set("Content-Encoding", "gzip")
	z := gzip.NewWriter(w)
	io.WriteString(z, text)
	z.Close()
}

// list answers for a media playlist, with its directives.
func (o *origin) list(w http.ResponseWriter, r *http.Request, rendition string) {
	q := r.URL.Query()
	msn, part := q.Get("_HLS_msn"), q.Get("_HLS_part")
	n := o.available(rendition)
	if o.end == 0 || n < o.end {
		if msn == "" && part != "" {
			http.Error(w, "no _HLS_msn", http.StatusBadRequest)
			return
		}
		if msn != "" {
			m, _ := strconv.Atoi(msn)
			if m > firstMSN+n/partsPer+2 {
				http.Error(w, "too far", http.StatusBadRequest)
				return
			}
			need := (m - firstMSN + 1) * partsPer
			if part != "" {
				p, _ := strconv.Atoi(part)
				need = (m-firstMSN)*partsPer + min(p, partsPer) + 1
			}
			if !o.await(r.Context(), rendition, need) {
				http.Error(w, "nothing came", http.StatusServiceUnavailable)
				return
			}
		}
	}
	skip := q.Get("_HLS_skip")
	o.text(w, r, rendition, o.render(rendition, o.available(rendition), skip))
}

// await waits until so many parts are listed.
func (o *origin) await(ctx context.Context, rendition string, need int) bool {
	limit := time.Now().Add(3 * originTarget * time.Second)
	for o.available(rendition) < need && (o.end == 0 || o.available(rendition) < o.end) {
		if !time.Now().Before(limit) {
			return false
		}
		t := time.NewTimer(o.due(rendition, need))
		select {
		case <-t.C:
		case <-ctx.Done():
			return false
		}
	}
	return true
}

// due is how long it takes until the next change that may list so many parts.
func (o *origin) due(rendition string, need int) time.Duration {
	d := time.Duration(need) * partTime
	if o.late != nil {
		d += o.late(rendition, need-1)
	}
	return min(max(d-time.Since(o.began), time.Millisecond), time.Second)
}

// wall is the date of a place on the timeline.
func (o *origin) wall(parts int) string {
	return o.began.Add(time.Duration(parts) * partTime).UTC().Format("2006-01-02T15:04:05.000Z07:00")
}

// render writes a media playlist of n parts.
func (o *origin) render(rendition string, n int, skip string) string {
	var b strings.Builder
	whole, ended := n/partsPer, o.end > 0 && n >= o.end
	from := max(whole-listedSegs, 0)
	skipped := 0
	if skip != "" && !ended {
		skipped = max(whole-skipUntil/originTarget-from, 0)
	}
	version := 6
	if skipped > 0 {
		version = 10
	}
	fmt.Fprintf(&b, "#EXTM3U\n#EXT-X-VERSION:%d\n#EXT-X-TARGETDURATION:%d\n", version, originTarget)
	b.WriteString("#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=1.5,HOLD-BACK=6,CAN-SKIP-UNTIL=12,CAN-SKIP-DATERANGES=YES\n")
	dsn := 0
	if o.gap > 0 && from > o.gap+2 {
		dsn = 1
	}
	if rendition == "iframes" {
		b.WriteString("#EXT-X-I-FRAMES-ONLY\n")
	} else {
		b.WriteString("#EXT-X-PART-INF:PART-TARGET=0.5\n")
	}
	fmt.Fprintf(&b, "#EXT-X-MEDIA-SEQUENCE:%d\n#EXT-X-DISCONTINUITY-SEQUENCE:%d\n", firstMSN+from, dsn)
	o.renderRanges(&b, n, skipped > 0, skip)
	for seg := from + skipped; seg < whole; seg++ {
		o.renderSegment(&b, rendition, seg, partsPer, seg == from+skipped, seg >= whole-partsListed && rendition != "iframes" && !ended)
		if o.gone(seg) {
			b.WriteString("#EXT-X-GAP\n")
		}
		fmt.Fprintf(&b, "#EXTINF:2.00000,\n")
		if rendition == "iframes" {
			b.WriteString("#EXT-X-BYTERANGE:100@0\n")
		}
		fmt.Fprintf(&b, "s%d.m4s\n", firstMSN+seg)
	}
	switch {
	case ended:
		b.WriteString("#EXT-X-ENDLIST\n")
	case rendition != "iframes":
		if n%partsPer > 0 {
			o.renderSegment(&b, rendition, whole, n%partsPer, false, true)
		}
		fmt.Fprintf(&b, "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"p%d.%d.m4s\"\n", firstMSN+whole, n%partsPer)
		for _, other := range renditionsHere {
			if other != rendition {
				last := o.available(other) - 1
				fmt.Fprintf(&b, "#EXT-X-RENDITION-REPORT:URI=\"../%s/index.m3u8\",LAST-MSN=%d,LAST-PART=%d\n", other, firstMSN+last/partsPer, last%partsPer)
			}
		}
	}
	return b.String()
}

// renderRanges writes the DATERANGEs of the cues of the last 20 s.
func (o *origin) renderRanges(b *strings.Builder, n int, isDelta bool, skip string) {
	keep := int(rangeListed / partTime)
	recent := n - int(skipUntil*time.Second/partTime)
	if isDelta {
		var removed []string
		for p := max(n-2*keep, 0); p <= n-keep; p++ {
			if p%cueEvery == 3 && !o.noCues {
				removed = append(removed, fmt.Sprintf("c%d", p))
			}
		}
		whole := n / partsPer
		fmt.Fprintf(b, "#EXT-X-SKIP:SKIPPED-SEGMENTS=%d", whole-skipUntil/originTarget-max(whole-listedSegs, 0))
		if skip == "v2" {
			fmt.Fprintf(b, ",RECENTLY-REMOVED-DATERANGES=\"%s\"", strings.Join(removed, "\t"))
		}
		b.WriteString("\n")
	}
	for p := max(n-keep+1, 0); p < n; p++ {
		if p%cueEvery == 3 && !o.noCues && (!isDelta || skip != "v2" || p >= recent) && !o.gone(p/partsPer) {
			fmt.Fprintf(b, "#EXT-X-DATERANGE:ID=\"c%d\",START-DATE=\"%s\",DURATION=1\n", p, o.began.Add(time.Duration(p)*partTime+partTime/2).UTC().Format("2006-01-02T15:04:05.000Z07:00"))
		}
	}
}

func (o *origin) renderSegment(b *strings.Builder, rendition string, seg, parts int, first, listed bool) {
	back := o.gap > 0 && seg == o.gap+2
	if back {
		b.WriteString("#EXT-X-DISCONTINUITY\n")
	}
	if first || back {
		init := 0
		if o.gap > 0 && seg >= o.gap+2 {
			init = 1
		}
		fmt.Fprintf(b, "#EXT-X-MAP:URI=\"init%d.mp4\"\n", init)
	}
	fmt.Fprintf(b, "#EXT-X-PROGRAM-DATE-TIME:%s\n", o.wall(seg*partsPer))
	for p := range parts {
		if !listed {
			break
		}
		fmt.Fprintf(b, "#EXT-X-PART:DURATION=0.50000,URI=\"p%d.%d.m4s\"", firstMSN+seg, p)
		if p == 0 && !o.gone(seg) || rendition == "audio" && !o.gone(seg) {
			b.WriteString(",INDEPENDENT=YES")
		}
		if o.gone(seg) {
			b.WriteString(",GAP=YES")
		}
		b.WriteString("\n")
	}
}

// piece answers for media.
func (o *origin) piece(w http.ResponseWriter, r *http.Request, rendition, name string) {
	var seg, part int
	var body []byte
	switch {
	case strings.HasPrefix(name, "init"):
		body = o.init(rendition)
		if r.Header.Get("If-None-Match") == `"init"` {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		w.Header().Set("ETag", `"init"`)
	case scan(name, "p%d.%d.m4s", &seg, &part):
		seg -= firstMSN
		if seg < 0 || part >= partsPer || o.gone(seg) || !o.await(r.Context(), rendition, seg*partsPer+part+1) {
			http.NotFound(w, r)
			return
		}
		body = o.part(rendition, seg, part)
	case scan(name, "s%d.m4s", &seg):
		seg -= firstMSN
		if seg < 0 || o.gone(seg) || (seg+1)*partsPer > o.available(rendition) {
			http.NotFound(w, r)
			return
		}
		for p := range partsPer {
			body = append(body, o.part(rendition, seg, p)...)
		}
		if o.media != nil {
			body = o.media(rendition, seg, -1, body)
		}
	default:
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "video/mp4")
	w.Write(body)
}

// scan reads a name exactly as it is written.
func scan(name, format string, into ...any) bool {
	n, err := fmt.Sscanf(name, format, into...)
	return err == nil && n == len(into)
}

func (o *origin) init(rendition string) []byte {
	in := mp4.CreateEmptyInit()
	var err error
	if rendition == "audio" {
		err = in.AddEmptyTrack(audioScale, "audio", "en").SetAACDescriptor(2, audioScale)
	} else {
		sps, _ := hex.DecodeString(spsHex)
		pps, _ := hex.DecodeString(ppsHex)
		err = in.AddEmptyTrack(videoScale, "video", "en").SetAVCDescriptor("avc1", [][]byte{sps}, [][]byte{pps}, true)
	}
	if err != nil {
		o.t.Error(err)
	}
	var b bytes.Buffer
	if err := in.Encode(&b); err != nil {
		o.t.Error(err)
	}
	return b.Bytes()
}

// samples returns the frames of a part, each with its NAL unit.
func (o *origin) samples(rendition string, seg, part int) (list []mp4.FullSample) {
	index := seg*partsPer + part
	if rendition == "audio" {
		for i := range 25 {
			list = append(list, mp4.FullSample{
				Sample:     mp4.Sample{Flags: mp4.SyncSampleFlags, Dur: 960, Size: 50},
				DecodeTime: uint64((index*25 + i) * 960), Data: make([]byte, 50),
			})
		}
		return list
	}
	for i := range framesPer {
		flags, nal := mp4.NonSyncSampleFlags|mp4.SampleDependsOn1, byte(0x41)
		if part == 0 && i == 0 {
			flags, nal = mp4.SyncSampleFlags, 0x65
		}
		data := make([]byte, 200)
		copy(data, []byte{0, 0, 0, 196, nal, byte(index), byte(i), rendition[0]})
		dur := uint32(videoScale / (2 * framesPer))
		list = append(list, mp4.FullSample{
			Sample:     mp4.Sample{Flags: flags, Dur: dur, Size: 200},
			DecodeTime: uint64(index*framesPer+i) * uint64(dur), Data: data,
		})
	}
	return list
}

// part returns the bytes of one part, made once.
func (o *origin) part(rendition string, seg, part int) []byte {
	name := fmt.Sprint(rendition, seg, part)
	if b, made := o.made.Load(name); made {
		return b.([]byte)
	}
	b := o.makePart(rendition, seg, part)
	o.made.Store(name, b)
	return b
}

// makePart writes events, moof and mdat.
func (o *origin) makePart(rendition string, seg, part int) []byte {
	var b bytes.Buffer
	if rendition != "audio" && !o.noCues {
		o.events(&b, rendition, seg, part)
	}
	f, err := mp4.CreateFragment(uint32(seg*partsPer+part+1), 1)
	if err != nil {
		o.t.Error(err)
		return nil
	}
	list := o.samples(rendition, seg, part)
	if o.frames != nil {
		list = o.frames(rendition, seg, part, list)
	}
	for _, s := range list {
		f.AddFullSample(s)
	}
	if err := f.Encode(&b); err != nil {
		o.t.Error(err)
	}
	if o.media != nil {
		return o.media(rendition, seg, part, b.Bytes())
	}
	return b.Bytes()
}

// events writes the state at each segment start, and a cue now and then.
func (o *origin) events(b *bytes.Buffer, rendition string, seg, part int) {
	index := seg*partsPer + part
	write := func(at uint64, json string) {
		e := &mp4.EmsgBox{
			Version: 1, TimeScale: videoScale, PresentationTime: at, EventDuration: videoScale, ID: uint32(at),
			SchemeIDURI: id3Scheme, MessageData: id3Tag("vitrine.cue", json),
		}
		if o.event != nil {
			o.event(rendition, e)
		}
		if err := e.Encode(b); err != nil {
			o.t.Error(err)
		}
	}
	start := uint64(index) * videoScale / 2
	if part == 0 {
		write(start, fmt.Sprintf(`{"v":1,"type":"state","media_time":%g,"on":[]}`, float64(index)/2))
	}
	if index%cueEvery == 3 {
		write(start+videoScale/4, fmt.Sprintf(`{"v":1,"id":"c%d","type":"show"}`, index))
	}
}

// id3Tag returns a tag with one TXXX frame.
func id3Tag(description, value string) []byte {
	size := func(n int) []byte {
		return []byte{byte(n >> 21 & 0x7f), byte(n >> 14 & 0x7f), byte(n >> 7 & 0x7f), byte(n & 0x7f)}
	}
	body := append([]byte{3}, description+"\x00"+value+"\x00"...)
	frame := append(append([]byte("TXXX"), size(len(body))...), 0, 0)
	frame = append(frame, body...)
	return append(append([]byte("ID3\x04\x00\x00"), size(len(frame))...), frame...)
}

// direct carries requests to a handler without a socket, so that a test can run
// in a bubble of synctest.
type direct struct{ http.Handler }

func (d direct) RoundTrip(req *http.Request) (*http.Response, error) {
	r, w := io.Pipe()
	out := &directWriter{head: http.Header{}, pipe: w, ready: make(chan struct{})}
	stop := context.AfterFunc(req.Context(), func() { w.CloseWithError(req.Context().Err()) })
	go func() {
		defer stop()
		d.ServeHTTP(out, req.Clone(req.Context()))
		out.WriteHeader(http.StatusOK)
		w.Close()
	}()
	select {
	case <-out.ready:
	case <-req.Context().Done():
		return nil, req.Context().Err()
	}
	return &http.Response{
		StatusCode: out.status, Header: out.sent, Body: r, Request: req,
		Proto: "HTTP/2.0", ProtoMajor: 2, ContentLength: -1,
	}, nil
}

type directWriter struct {
	head, sent http.Header
	status     int
	pipe       *io.PipeWriter
	ready      chan struct{}
}

func (w *directWriter) Header() http.Header { return w.head }

func (w *directWriter) WriteHeader(status int) {
	if w.sent == nil {
		w.status, w.sent = status, w.head.Clone()
		close(w.ready)
	}
}

func (w *directWriter) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.pipe.Write(b)
}

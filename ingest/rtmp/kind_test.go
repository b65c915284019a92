package rtmp

import (
	"bytes"
	"context"
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"vitrine/ingest"
	"vitrine/ingest/ingesttest"
	"vitrine/internal/media"
)

// What good encoders send and go-rtmp alone would drop them for.

func TestOddMessagesDoNotDisturb(t *testing.T) {
	cue := appendAMFObject(appendAMFString(nil, "onCuePoint"), "name", "x")
	text := appendAMFObject(appendAMFString(nil, "onTextData"), "text", "x")
	bare := appendAMFObject(appendAMFString(nil, onMetaData), "encoder", "bare")
	event := binary.BigEndian.AppendUint32([]byte{0, 31}, 1)
	publishAgain := appendAMFString(appendAMFNull(invoke("publish", 9)), "other")
	for name, m := range map[string]message{
		"empty video":          {typ: typeVideo, stream: 1},
		"empty audio":          {typ: typeAudio, stream: 1},
		"empty command":        {typ: typeCommand},
		"empty of no type":     {},
		"video of one byte":    {typ: typeVideo, stream: 1, body: []byte{0x17}},
		"video without data":   {typ: typeVideo, stream: 1, body: avcTag(packetFrame, 0, nil)},
		"end of sequence":      {typ: typeVideo, stream: 1, body: avcTag(2, 0, []byte{0})},
		"video info":           {typ: typeVideo, stream: 1, body: []byte{0x57, 0}},
		"lengths that lie":     {typ: typeVideo, stream: 1, body: avcTag(packetFrame, 0, []byte{0, 0, 9, 9, 1})},
		"audio of one byte":    {typ: typeAudio, stream: 1, body: []byte{0xaf}},
		"audio without data":   {typ: typeAudio, stream: 1, body: aacTag(packetFrame, nil)},
		"onCuePoint":           {typ: typeData, stream: 1, body: cue},
		"onTextData":           {typ: typeData, stream: 1, body: text},
		"bare onMetaData":      {typ: typeData, stream: 1, body: bare},
		"data without a name":  {typ: typeData, stream: 1, body: appendAMFNumber(nil, 1)},
		"AMF3 data":            {typ: typeDataAMF3, stream: 1, body: append([]byte{0}, bare...)},
		"real AMF3 data":       {typ: typeDataAMF3, stream: 1, body: []byte{0x0a, 1, 2, 3}},
		"real AMF3 command":    {typ: typeCommandAMF3, body: []byte{0x0a, 1, 2, 3}},
		"AMF3 of one byte":     {typ: typeCommandAMF3, body: []byte{0}},
		"shared object":        {typ: 19, body: []byte{1, 2, 3}},
		"aggregate":            {typ: 22, stream: 1, body: make([]byte, 300_000)},
		"a type of the future": {typ: 99, body: []byte{1}},
		"UserCtrl 31":          {typ: typeUserControl, body: event},
		"UserCtrl cut short":   {typ: typeUserControl, body: []byte{0}},
		"Ack":                  {typ: typeAck, body: []byte{0, 0, 0, 1}},
		"window of 0":          {typ: typeWindowAck, body: make([]byte, 4)},
		"window cut short":     {typ: typeWindowAck, body: []byte{1}},
		"peer bandwidth":       {typ: 6, body: []byte{0, 0, 0, 1, 2}},
		"abort of nothing":     {typ: typeAbort, body: []byte{0, 0, 0, 77}},
		"abort cut short":      {typ: typeAbort, body: []byte{0}},
		"unknown command":      {typ: typeCommand, body: appendAMFNull(invoke("_checkbw", 5))},
		"unknown result":       {typ: typeCommand, body: appendAMFNull(invoke("_result", 77))},
		"ping":                 {typ: typeCommand, body: appendAMFNull(invoke("ping", 5))},
		"publish again":        {typ: typeCommand, stream: 1, body: publishAgain},
		"play":                 {typ: typeCommand, stream: 1, body: appendAMFString(appendAMFNull(invoke("play", 5)), "x")},
		"media on stream 0":    {typ: typeAudio, body: aacTag(packetConfig, testASC)},
		"media on stream 77":   {typ: typeAudio, stream: 77, body: aacTag(packetConfig, testASC)},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t)
			e := publishing(t, s)
			e.configure()
			e.picture(0)
			e.send(m)
			e.picture(40)
			s.rec.Wait(t, "both pictures", func(r *ingesttest.Recorder) bool { return len(r.Units()) == 2 })
		})
	}
}

func TestEncodersThatTalkBeforeTheyPublish(t *testing.T) {
	s := start(t)
	e := shaken(t, s)
	e.configure() // media that nobody asked for yet
	e.send(message{typ: typeData, stream: 1, body: appendAMFString(nil, onMetaData)})
	e.say(0, appendAMFNull(invoke("deleteStream", 1)))
	connect := appendAMFObject(append([]byte{0}, invoke("connect", 1)...), "app", App)
	e.send(message{typ: typeCommandAMF3, body: connect})
	e.expect("_result")
	for i, name := range []string{"releaseStream", "FCPublish"} {
		e.say(0, appendAMFString(appendAMFNull(invoke(name, float64(2+i))), key))
		e.expect("_result")
	}
	e.say(0, appendAMFNull(invoke("createStream", 4)))
	e.expect("_result")
	e.publish(key)
	e.expect("onStatus")
	e.configure()
	e.picture(0)
	s.rec.Wait(t, "a picture", func(r *ingesttest.Recorder) bool { return len(r.Units()) == 1 })
}

func TestKeysInURLs(t *testing.T) {
	for name, test := range map[string]struct{ app, name string }{
		"as it should be":         {"live", key},
		"a slash too many":        {"live/", key},
		"a query on the app":      {"live?a=b", key},
		"a query on the key":      {"live", key + "?a=b"},
		"key in the app":          {"live/" + key, ""},
		"key in the app, queried": {"live/" + key + "?a=b", ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t)
			e := shaken(t, s)
			e.say(0, appendAMFObject(invoke("connect", 1), "app", test.app))
			e.expect("_result")
			e.say(0, appendAMFNull(invoke("createStream", 2)))
			e.expect("_result")
			e.publish(test.name)
			if got := e.expect("onStatus"); !strings.Contains(got, "Publish.Start") {
				t.Errorf("answered %q", got)
			}
		})
	}
}

func TestRefusalsAreSaid(t *testing.T) {
	t.Run("wrong key", func(t *testing.T) {
		s := start(t)
		e := connected(t, s)
		e.publish("wrong")
		said := e.hungUp()
		for _, want := range []string{codeBadName, "error", ingest.ErrBadKey.Error()} {
			if !strings.Contains(said, want) {
				t.Errorf("%q is not in %q", want, said)
			}
		}
		if strings.Contains(said, "Publish.Failed") {
			t.Error("go-rtmp had the last word")
		}
		e.conn.Close()
		refusedOnce(t, s, ingest.ErrBadKey.Error())
		if strings.Contains(s.log.String(), "wrong\"") {
			t.Error("the key was logged")
		}
	})
	t.Run("wrong app", func(t *testing.T) {
		s := start(t)
		e := shaken(t, s)
		e.say(0, appendAMFObject(invoke("connect", 1), "app", "stream"))
		if said := e.hungUp(); !strings.Contains(said, codeRejected) || !strings.Contains(said, errApp.Error()) {
			t.Errorf("said %q", said)
		}
		e.conn.Close()
		refusedOnce(t, s, errApp.Error())
	})
	for name, test := range map[string]struct {
		m    message
		want string
	}{
		"HEVC": {message{typ: typeVideo, stream: 1, body: append([]byte{0x90}, "hvc1...."...)}, "HEVC video (hvc1)"},
		"AV1":  {message{typ: typeVideo, stream: 1, body: append([]byte{0x90}, "av01...."...)}, "AV1 video (av01)"},
		"VP6":  {message{typ: typeVideo, stream: 1, body: []byte{0x14, 0, 0}}, "VP6 video"},
		"Opus": {message{typ: typeAudio, stream: 1, body: append([]byte{0x90}, "Opus...."...)}, "Opus audio (Opus)"},
		"PCM":  {message{typ: typeAudio, stream: 1, body: []byte{0x3f, 0, 0}}, "PCM audio"},
		"Annex B": {
			message{typ: typeVideo, stream: 1, body: avcTag(packetConfig, 0, append([]byte{0, 0, 0, 1}, testSPS...))},
			"start codes",
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t)
			e := publishing(t, s)
			e.send(test.m)
			if said := e.hungUp(); !strings.Contains(said, test.want) {
				t.Errorf("said %q", said)
			}
			e.conn.Close()
			s.rec.Wait(t, "the end", func(r *ingesttest.Recorder) bool { return len(r.Ended()) == 1 })
			if err := s.rec.Ended()[0]; err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("ended with %v", err)
			}
		})
	}
}

func TestTheEnd(t *testing.T) {
	for name, test := range map[string]struct {
		act  func(*running, *encoder)
		want error
	}{
		"goodbye":    {func(_ *running, e *encoder) { e.say(0, appendAMFNumber(appendAMFNull(invoke("deleteStream", 7)), 1)) }, nil},
		"unpublish":  {func(_ *running, e *encoder) { e.say(0, appendAMFString(appendAMFNull(invoke("FCUnpublish", 7)), key)) }, nil},
		"lost":       {func(_ *running, e *encoder) { e.conn.Close() }, errLost},
		"kicked":     {func(s *running, _ *encoder) { s.gate.Kick(channel, 0) }, ingest.ErrKicked},
		"taken over": {func(s *running, e *encoder) { publishing(e.t, s) }, ingest.ErrTakenOver},
		"shut down":  {func(s *running, _ *encoder) { s.stop() }, context.Canceled},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t)
			e := publishing(t, s)
			test.act(s, e)
			s.rec.Wait(t, "the end", func(r *ingesttest.Recorder) bool { return len(r.Ended()) == 1 })
			if err := s.rec.Ended()[0]; err != test.want { //nolint:errorlint // exactly this one
				t.Errorf("ended with %v, want %v", err, test.want)
			}
			if test.want == ingest.ErrKicked || test.want == ingest.ErrTakenOver { //nolint:errorlint // exactly
				if said := e.hungUp(); !strings.Contains(said, test.want.Error()) {
					t.Errorf("said %q", said)
				}
			}
		})
	}
}

func TestUnitsOfTags(t *testing.T) {
	s := start(t)
	e := publishing(t, s)
	sei, aud := []byte{6, 5, 4}, []byte{9, 0xf0}
	other := slices.Clone(testConfig)
	other[len(other)-1] ^= 1 // another PPS
	meta := appendAMFObject(appendAMFString(appendAMFString(nil, setDataFrame), onMetaData), "encoder", "Testcoder 2")
	for range 20 {
		e.send(message{typ: typeData, stream: 1, body: meta})
	}
	e.configure()
	e.send(message{typ: typeVideo, stream: 1, time: 1000, body: avcTag(packetFrame, 80, avccUnit(aud, sei, []byte{0x65, 1}))})
	e.configure() // the same again changes nothing
	e.send(message{typ: typeVideo, stream: 1, time: 1040, body: avcTag(packetFrame, -40, avccUnit([]byte{0x41, 1}, nil))})
	e.send(message{typ: typeVideo, stream: 1, time: 1040, body: avcTag(packetConfig, 0, other)})
	e.picture(1080)
	e.send(message{typ: typeAudio, stream: 1, body: aacTag(packetConfig, testASC)})
	e.send(message{typ: typeAudio, stream: 1, time: 1081, body: aacTag(packetFrame, []byte{0x21, 1})})
	s.rec.Wait(t, "four units", func(r *ingesttest.Recorder) bool { return len(r.Units()) == 4 })
	u := s.rec.Units()
	const ms = 90
	first, last := u[0].Track, u[2].Track
	for i, want := range []media.Unit{
		{Track: first, DTS: 1000 * ms, PTS: 1080 * ms, Sync: true, Data: avccUnit(aud, sei, []byte{0x65, 1})},
		{Track: first, DTS: 1040 * ms, PTS: 1000 * ms, Data: avccUnit([]byte{0x41, 1})},
		{Track: last, DTS: 1080 * ms, PTS: 1080 * ms, Sync: true, Data: testIDR},
		{Track: u[3].Track, DTS: 1081 * ms, PTS: 1081 * ms, Sync: true, Data: []byte{0x21, 1}},
	} {
		if g := u[i]; g.Track != want.Track || g.DTS != want.DTS || g.PTS != want.PTS || g.Sync != want.Sync || !bytes.Equal(g.Data, want.Data) {
			t.Errorf("unit %d: %+v, want %+v", i, g, want)
		}
	}
	if first == last || bytes.Equal(first.Config, last.Config) {
		t.Error("another configuration made no other track")
	}
	if got := s.rec.Sessions()[0].Claim().Encoder; got != "Testcoder 2" {
		t.Errorf("the encoder is called %q", got)
	}
}

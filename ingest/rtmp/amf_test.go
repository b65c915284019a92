package rtmp

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"testing"

	"github.com/yutopp/go-amf0"
)

func TestCommandsAreRebuilt(t *testing.T) {
	nested := append([]byte{byte(amfObject), 0, 1, 'x'}, appendAMFObject(nil, "y", "z")...)
	nested = append(nested, 0, 0, byte(amfObjectEnd))
	for name, test := range map[string]struct{ in, want []byte }{
		"connect keeps what is of use": {
			appendAMFObject(invoke("connect", 1), "tcUrl", "u", "app", "live", "swfUrl", "s"),
			appendAMFObject(invoke("connect", 1), "app", "live", "tcUrl", "u"),
		},
		"connect with more arguments": {
			append(appendAMFObject(invoke("connect", 1), "app", "live"), nested...),
			appendAMFObject(invoke("connect", 1), "app", "live"),
		},
		"connect with null":      {appendAMFNull(invoke("connect", 1)), appendAMFObject(invoke("connect", 1))},
		"createStream":           {append(invoke("createStream", 4), nested...), appendAMFNull(invoke("createStream", 4))},
		"createStream, cut":      {invoke("createStream", 4), appendAMFNull(invoke("createStream", 4))},
		"publish without a type": {appendAMFString(appendAMFNull(invoke("publish", 5)), "k"), publishing5("k")},
		"publish, recording":     {appendAMFString(appendAMFString(appendAMFNull(invoke("publish", 5)), "k"), "record"), publishing5("k")},
		"publish a number":       {appendAMFNumber(appendAMFNull(invoke("publish", 5)), 5), publishing5("")},
		"publish in Latin-1":     {appendAMFString(appendAMFNull(invoke("publish", 5)), "a\xe4\x07b"), publishing5("a\uFFFDb")},
		"publish, long string": {
			slices.Concat(appendAMFNull(invoke("publish", 5)), []byte{byte(amfLongString), 0, 0, 0, 1, 'k'}), publishing5("k"),
		},
	} {
		c, err := parseCommand(test.in, 8)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := c.appendTo(nil); !bytes.Equal(got, test.want) {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

func publishing5(key string) []byte {
	return appendAMFString(appendAMFString(appendAMFNull(invoke("publish", 5)), key), "live")
}

func TestEveryKindIsSkipped(t *testing.T) {
	object := appendAMFObject(nil, "a", "b")
	for _, v := range [][]byte{
		appendAMFNumber(nil, 1),
		{byte(amfBoolean), 1},
		appendAMFString(nil, "s"), object,
		{byte(amfNull)},
		{byte(amfUndefined)},
		{byte(amfUnsupported)},
		{byte(amfReference), 0, 1},
		append([]byte{byte(amfECMAArray), 0xff, 0xff, 0xff, 0xff}, object[1:]...),
		append([]byte{byte(amfStrictArray), 0, 0, 0, 1}, object...),
		append([]byte{byte(amfTypedObject), 0, 1, 'T'}, object[1:]...),
		append([]byte{byte(amfDate)}, make([]byte, 10)...),
		{byte(amfLongString), 0, 0, 0, 1, 's'},
		{byte(amfXML), 0, 0, 0, 1, 's'},
	} {
		r := amfReader{b: append(slices.Clone(v), 0xee), depth: 8}
		if got, err := r.value(); err != nil || got.kind != amfKind(v[0]) || len(r.b) != 1 {
			t.Errorf("kind %d: %v, %d bytes left", v[0], err, len(r.b))
		}
		for n := range v {
			r := amfReader{b: v[:n], depth: 8}
			if err := r.skipValue(); !errors.Is(err, errAMF) {
				t.Errorf("kind %d, cut to %d bytes: %v", v[0], n, err)
			}
		}
	}
}

func FuzzCommand(f *testing.F) {
	f.Add(appendAMFObject(invoke("connect", 1), "app", "live", "a", "b"))
	f.Add(publishing5("k"))
	f.Add(append(invoke("createStream", 1), byte(amfECMAArray), 0, 0, 0, 1, 0, 1, 'a', byte(amfNull), 0, 0, byte(amfObjectEnd)))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := parseCommand(b, 8)
		if err != nil || c.name != "connect" && c.name != "createStream" && c.name != "publish" {
			return // never shown to go-amf0
		}
		r := bytes.NewReader(c.appendTo(nil))
		dec := amf0.NewDecoder(r)
		for r.Len() > 0 {
			var v any
			if err := dec.Decode(&v); err != nil && !errors.Is(err, io.EOF) {
				t.Fatalf("go-amf0 cannot read what the guard wrote of %q: %v", b, err)
			}
		}
	})
}

func FuzzMetadata(f *testing.F) {
	f.Add(appendAMFObject(appendAMFString(appendAMFString(nil, setDataFrame), onMetaData), "framerate", "30", "encoder", "x"))
	f.Add(append(appendAMFString(nil, onMetaData), byte(amfStrictArray), 0x7f, 0xff, 0xff, 0xff, 5))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, _, err := parseMetadata(b, 8)
		if err == nil && (len(m.Encoder) > maxEncoderName || m.FrameRate != 0 && !plausibleRate(m.FrameRate)) {
			t.Fatalf("%+v of %q", m, b)
		}
	})
}

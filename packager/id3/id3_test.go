package id3_test

import (
	"encoding/hex"
	"strings"
	"testing"

	"vitrine/packager/id3"
)

func TestAppendVector(t *testing.T) {
	want := "4944330400000000001b" + "5458585800000011" + "0000" + "03" + "63756500" + "7b226964223a226331227d00"
	if got := hex.EncodeToString(id3.Append(nil, "cue", `{"id":"c1"}`)); got != want {
		t.Errorf("tag\n got %s\nwant %s", got, want)
	}
}

func TestRoundTrip(t *testing.T) {
	for name, value := range map[string]string{
		"empty":       "",
		"JSON":        `{"v":1,"type":"show"}`,
		"UTF-8":       `{"title":"Kastanienbraune Welle, 染髪"}`,
		"128 bytes":   strings.Repeat("x", 128),
		"20000 bytes": strings.Repeat("y", 20000),
	} {
		t.Run(name, func(t *testing.T) {
			tag := id3.Append(nil, "vitrine.cue", value)
			if len(tag) != id3.Size("vitrine.cue", value) {
				t.Errorf("%d bytes, Size says %d", len(tag), id3.Size("vitrine.cue", value))
			}
			d, v, err := id3.Parse(tag)
			if err != nil || d != "vitrine.cue" || v != value {
				t.Errorf("read back %q %q, %v", d, v, err)
			}
			if _, _, err := id3.Parse(append(tag, 0)); err == nil {
				t.Error("a trailing byte was accepted")
			}
		})
	}
}

func TestAppendAllocatesNothing(t *testing.T) {
	b := make([]byte, 0, 256)
	if n := testing.AllocsPerRun(100, func() { b = id3.Append(b[:0], "vitrine.cue", `{"v":1}`) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(id3.Append(nil, "vitrine.cue", `{"v":1}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		d, v, err := id3.Parse(b)
		if err == nil && string(id3.Append(nil, d, v)) != string(b) {
			t.Errorf("%x does not survive a round trip", b)
		}
	})
}

// Whatever value without a NUL is written is read back, in a tag of the size that
// is announced.
func FuzzAppend(f *testing.F) {
	f.Add("vitrine.cue", `{"v":1,"title":"gr\u00fcn"}`)
	f.Add("", "")
	f.Fuzz(func(t *testing.T, description, value string) {
		if strings.ContainsRune(description+value, 0) || len(value) > id3.MaxValue || len(description) > 1<<10 {
			return
		}
		tag := id3.Append(nil, description, value)
		d, v, err := id3.Parse(tag)
		if err != nil || d != description || v != value || len(tag) != id3.Size(description, value) {
			t.Errorf("%q %q: read back as %q %q, %v, in %d bytes", description, value, d, v, err, len(tag))
		}
	})
}

package show

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"
	"unicode/utf8"

	"vitrine/internal/media"
	"vitrine/overlay/catalogue"
)

// payloadVersion is the "v" of all that players read.
const payloadVersion = 1

// TimeFormat is how a capture time is written: RFC 3339, UTC, milliseconds.
const TimeFormat = "2006-01-02T15:04:05.000Z07:00"

const ellipsis = "…"

type cuePayload struct {
	V       int    `json:"v"`
	ID      string `json:"id"`
	Type    Type   `json:"type"`
	At      string `json:"at"`
	Product any    `json:"product"`
}

type productRef struct {
	No  int    `json:"no"`
	SKU string `json:"sku"`
}

type statePayload struct {
	V    int       `json:"v"`
	Type string    `json:"type"`
	On   []stateOn `json:"on"`
}

type stateOn struct {
	ID  string `json:"id"`
	No  int    `json:"no"`
	SKU string `json:"sku"`
}

// appendJSON is json.Marshal without the escapes that only HTML needs: they
// would cost a short payload its title.
func appendJSON(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, fmt.Errorf("encode cue: %w", err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// payloadOf is the cue itself.
func payloadOf(e Entry) ([]byte, error) {
	if e.Type == TypeShow {
		return showPayload(e.ID, e.At, e.Product)
	}
	return appendJSON(cuePayload{payloadVersion, e.ID, e.Type, e.At.UTC().Format(TimeFormat), productRef{e.Product.No, e.Product.SKU}})
}

// showPayload carries the whole product. Where that is too long for a cue it
// loses its image, then its url, then the end of its title.
func showPayload(id string, at time.Time, p catalogue.Product) ([]byte, error) {
	encode := func() ([]byte, error) {
		return appendJSON(cuePayload{payloadVersion, id, TypeShow, at.UTC().Format(TimeFormat), p})
	}
	b, err := encode()
	for _, optional := range []*string{&p.Image, &p.URL} {
		if err != nil || len(b) <= media.MaxCuePayload {
			return b, err
		}
		*optional = ""
		b, err = encode()
	}
	title := p.Title
	for err == nil && len(b) > media.MaxCuePayload && title != "" {
		_, n := utf8.DecodeLastRuneInString(title)
		title = title[:len(title)-n]
		p.Title = title + ellipsis
		b, err = encode()
	}
	if err == nil && len(b) > media.MaxCuePayload {
		return nil, fmt.Errorf("encode cue: product %d has %d bytes without its title, %d are allowed", p.No, len(b), media.MaxCuePayload)
	}
	return b, err
}

// stateOf is the re-announcement of all that is on show.
func stateOf(on []Item) ([]byte, error) {
	s := statePayload{V: payloadVersion, Type: "state", On: make([]stateOn, len(on))}
	for i, it := range on {
		s.On[i] = stateOn{it.ID, it.Product.No, it.Product.SKU}
	}
	return appendJSON(s)
}

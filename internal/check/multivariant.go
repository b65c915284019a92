package check

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// variant is one EXT-X-STREAM-INF or EXT-X-I-FRAME-STREAM-INF.
type variant struct {
	URL              string
	Bandwidth        int64 // bit/s
	AverageBandwidth int64
	Codecs           []string
	Width, Height    int64
	FrameRate        float64
	Audio            string // GROUP-ID
	IFrames          bool
}

// alternative is one EXT-X-MEDIA that has a playlist of its own.
type alternative struct {
	Type  string
	Group string
	Name  string
	URL   string
}

// multivariant is a multivariant playlist.
type multivariant struct {
	Variants     []variant
	Alternatives []alternative
}

// maxVariants bounds a multivariant playlist, and with it the clients that watch.
const maxVariants = 200

// parseMultivariant reads a multivariant playlist (rfc8216bis §4.4.6). It
// returns nil if the text is a media playlist.
func parseMultivariant(base *url.URL, text string) (*multivariant, error) {
	if !strings.HasPrefix(text, "#EXTM3U") {
		return nil, fmt.Errorf("what came is no playlist: it begins with %q", clip(text))
	}
	if strings.Contains(text, "\n#EXT-X-TARGETDURATION:") {
		return nil, nil
	}
	m, pending := &multivariant{}, (*variant)(nil)
	for line := range strings.SplitSeq(text, "\n") {
		line = strings.TrimSuffix(line, "\r")
		tag, value, _ := strings.Cut(line, ":")
		var err error
		switch {
		case tag == "#EXT-X-STREAM-INF":
			pending, err = parseVariant(value)
		case tag == "#EXT-X-I-FRAME-STREAM-INF":
			err = m.iframes(base, value)
		case tag == "#EXT-X-MEDIA":
			err = m.alternative(base, value)
		case line == "" || line[0] == '#':
		case pending == nil:
			err = fmt.Errorf("%q has no EXT-X-STREAM-INF", clip(line))
		default:
			pending.URL, err = resolve(base, line)
			m.Variants, pending = append(m.Variants, *pending), nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", strings.TrimPrefix(clip(tag), "#"), err)
		}
		if len(m.Variants)+len(m.Alternatives) > maxVariants {
			return nil, fmt.Errorf("more than %d renditions", maxVariants)
		}
	}
	if pending != nil {
		return nil, fmt.Errorf("the last EXT-X-STREAM-INF has no URI")
	}
	if len(m.Variants) == 0 {
		return nil, fmt.Errorf("the playlist names no variant: nothing is on air")
	}
	return m, nil
}

func parseVariant(value string) (*variant, error) {
	a, err := parseAttributes(value)
	if err != nil {
		return nil, err
	}
	v := &variant{}
	if v.Bandwidth, err = a.integer("BANDWIDTH", 0); err != nil {
		return nil, err
	}
	if v.AverageBandwidth, err = a.integer("AVERAGE-BANDWIDTH", 0); err != nil {
		return nil, err
	}
	if v.FrameRate, err = a.seconds("FRAME-RATE"); err != nil {
		return nil, err
	}
	if _, ok := a["CODECS"]; ok {
		s, err := a.text("CODECS")
		if err != nil {
			return nil, err
		}
		for c := range strings.SplitSeq(s, ",") {
			v.Codecs = append(v.Codecs, strings.TrimSpace(c))
		}
	}
	if r, ok := a["RESOLUTION"]; ok {
		w, h, found := strings.Cut(r, "x")
		var errW, errH error
		v.Width, errW = strconv.ParseInt(w, 10, 32)
		v.Height, errH = strconv.ParseInt(h, 10, 32)
		if !found || errW != nil || errH != nil {
			return nil, fmt.Errorf("RESOLUTION is %q, and should be WIDTHxHEIGHT", clip(r))
		}
	}
	if _, ok := a["AUDIO"]; ok {
		v.Audio, err = a.text("AUDIO")
	}
	return v, err
}

func (m *multivariant) iframes(base *url.URL, value string) error {
	v, err := parseVariant(value)
	if err != nil {
		return err
	}
	a, err := parseAttributes(value)
	if err != nil {
		return err
	}
	u, err := a.text("URI")
	if err != nil {
		return err
	}
	v.IFrames = true
	v.URL, err = resolve(base, u)
	m.Variants = append(m.Variants, *v)
	return err
}

func (m *multivariant) alternative(base *url.URL, value string) error {
	a, err := parseAttributes(value)
	if err != nil {
		return err
	}
	if _, ok := a["URI"]; !ok {
		return nil // it is inside the variants
	}
	u, err := a.text("URI")
	if err != nil {
		return err
	}
	x := alternative{Type: a["TYPE"]}
	if x.Group, err = a.text("GROUP-ID"); err != nil {
		return err
	}
	if x.Name, err = a.text("NAME"); err != nil {
		return err
	}
	x.URL, err = resolve(base, u)
	m.Alternatives = append(m.Alternatives, x)
	return err
}

func resolve(base *url.URL, s string) (string, error) {
	u, err := url.Parse(s)
	if err != nil {
		return "", fmt.Errorf("%q is not a URI", clip(s))
	}
	return base.ResolveReference(u).String(), nil
}

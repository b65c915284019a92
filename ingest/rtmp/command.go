package rtmp

import (
	"fmt"
	"strings"
)

// command is what the guard read of a command message (§7.2).
type command struct {
	name        string
	transaction float64
	connect     map[string]string // connect: its string properties that are of use
	stream      string            // publish, releaseStream, FCPublish: the stream's name
}

// connectProperties are those of a connect command that go on; all other ones
// end here, nested ones above all.
var connectProperties = []string{"app", "type", "flashVer", "tcUrl"}

// parseCommand reads body. A command that nobody needs is read only as far as
// its name.
func parseCommand(body []byte, depth int) (command, error) {
	r := amfReader{b: body, depth: depth}
	var c command
	name, err := r.value()
	if err != nil {
		return c, err
	}
	c.name = name.str
	id, err := r.value()
	if err != nil || name.kind != amfString || id.kind != amfNumber {
		return c, fmt.Errorf("%w: a command needs a name and a transaction", errAMF)
	}
	c.transaction = id.num
	switch c.name {
	case "connect":
		c.connect = make(map[string]string)
		err = r.object(func(key string, v amfValue) {
			for _, known := range connectProperties {
				if key == known && v.kind == amfString {
					c.connect[key] = text(v.str)
				}
			}
		})
		if err != nil {
			return c, err
		}
	case "publish", "releaseStream", "FCPublish":
		if _, err = r.value(); err != nil { // the command object: null
			return c, err
		}
		v, err := r.value()
		if err != nil {
			return c, err
		}
		c.stream = text(v.str)
	}
	// What is left must be sound too, or the encoder is not what it seems.
	for err == nil && len(r.b) > 0 {
		err = r.skipValue()
	}
	return c, err
}

// appendTo appends c as go-rtmp can read it: each argument of the type that it
// expects, nothing nested, nothing else. go-amf0 reuses the last value when it
// decodes the next one of an ECMA array, and so loses its place in messages that
// are perfectly sound; what it reads then is whatever the sender put there.
func (c command) appendTo(b []byte) []byte {
	b = appendAMFNumber(appendAMFString(b, c.name), c.transaction)
	switch c.name {
	case "connect":
		var pairs []string
		for _, key := range connectProperties {
			if v, ok := c.connect[key]; ok {
				pairs = append(pairs, key, v)
			}
		}
		return appendAMFObject(b, pairs...)
	case "publish":
		return appendAMFString(appendAMFString(appendAMFNull(b), c.stream), "live")
	}
	return appendAMFNull(b) // createStream
}

// text makes a string of the encoder's fit for go-amf0, logs and pages: valid
// UTF-8, no control characters.
func text(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
}

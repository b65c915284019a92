package node

import (
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"time"

	"vitrine/overlay/catalogue"
	"vitrine/overlay/show"
	"vitrine/packager"
	"vitrine/packager/record"
	"vitrine/transcode"
)

// PART-TARGETs by name, and the default segment.
const (
	PartStandard   = 350 * time.Millisecond
	PartLow        = 210 * time.Millisecond
	DefaultSegment = 2 * time.Second
)

// DefaultReconnect is how long a show waits for an encoder that dropped.
const DefaultReconnect = 30 * time.Second

// Config is all that a [Node] needs to know.
type Config struct {
	HTTP       string // address to listen on for viewers, hosts and the API
	RTMP       string // address to listen on for encoders
	Data       string // folder for what must survive a restart
	FFmpeg     string // program; empty for the one on PATH
	AdminToken string // empty: generated, kept in Data
	TLS        *TLS   // nil: plain HTTP
	Channels   map[string]Channel
	Log        *slog.Logger

	// Reconnect is how long a show waits for an encoder that dropped; 0 for 30 s.
	Reconnect time.Duration

	// Ready, if set, is called once everything listens.
	Ready func(Info)
	Now   func() time.Time // nil: time.Now
}

// TLS says how HTTPS is served: by certificate files, or by a certificate that
// the node signs itself and keeps in Data.
type TLS struct {
	Cert, Key  string
	SelfSigned bool
}

// Channel is one permanent place to go live.
type Channel struct {
	StreamKey string // empty: generated, kept in Data
	HostToken string // empty: generated, kept in Data
	Catalogue string // CSV or JSON file, read at the start; empty: what the API was given last
	Ladder    []string
	Part      time.Duration // PART-TARGET
	Segment   time.Duration
	Record    *Recording // nil: nothing is kept
	Audio     []string   // codings of the sound: aac, and opus where a source has it; empty: aac

	// Announcement is shown off air until the API is given another.
	Announcement show.Announcement

	shelf *catalogue.Shelf
}

// Recording says what of a show is kept on disk.
type Recording struct {
	// Renditions by name; empty: the source, or the best rung where the source
	// is left out, and the sound.
	Renditions []string
}

// Info is what an operator needs to know of a running node.
type Info struct {
	HTTPAddr, RTMPAddr string // as bound
	Secure             bool   // HTTPS
	AdminToken         string
	AdminTokenNew      bool // generated just now
	Channels           []ChannelInfo
}

// ChannelInfo is what an operator needs to know of a channel.
type ChannelInfo struct {
	Name, StreamKey, HostToken string
	StreamKeyNew, HostTokenNew bool // generated just now
}

// channelName is what a channel may be called: it stands in URLs.
var channelName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,62}$`)

// maxChannels bounds the channels of one node.
const maxChannels = 256

// Validate reports the first thing that is wrong with c, and fills in defaults.
func (c *Config) Validate() error {
	switch {
	case c.HTTP == "" || c.RTMP == "":
		return errors.New("http and rtmp: an address to listen on is needed, such as 127.0.0.1:8080")
	case c.Data == "":
		return errors.New("data: a folder is needed, such as ./data")
	case len(c.Channels) == 0:
		return errors.New("channels: at least one is needed")
	case len(c.Channels) > maxChannels:
		return fmt.Errorf("channels: %d are too many for one node, %d are the most", len(c.Channels), maxChannels)
	case c.TLS != nil && !c.TLS.SelfSigned && (c.TLS.Cert == "" || c.TLS.Key == ""):
		return errors.New("tls: both cert and key are needed, or self-signed")
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Reconnect == 0 {
		c.Reconnect = DefaultReconnect
	}
	keys := map[string]string{}
	for name, ch := range c.Channels {
		if err := ch.validate(); err != nil {
			return fmt.Errorf("channel %s: %w", name, err)
		}
		if !channelName.MatchString(name) {
			return fmt.Errorf("channel %q: a name is 1 to 63 of a-z, 0-9, - and _, and begins with a letter or digit", name)
		}
		if other, taken := keys[ch.StreamKey]; taken && ch.StreamKey != "" {
			return fmt.Errorf("channels %s and %s have the same stream_key: give each its own", name, other)
		}
		keys[ch.StreamKey] = name
		c.Channels[name] = ch
	}
	return nil
}

func (c *Channel) validate() error {
	if c.Part == 0 {
		c.Part = PartStandard
	}
	if c.Segment == 0 {
		c.Segment = DefaultSegment
	}
	if len(c.Ladder) == 0 {
		c.Ladder = []string{"auto"}
	}
	if len(c.Audio) == 0 {
		c.Audio = []string{audioAAC}
	}
	if err := checkAudio(c.Audio); err != nil {
		return err
	}
	if err := transcode.CheckLadder(c.Ladder); err != nil {
		return fmt.Errorf("ladder: %w", err)
	}
	if err := packager.CheckTimes(c.Part, c.Segment); err != nil {
		return err
	}
	if err := c.Announcement.Validate(); err != nil {
		return err
	}
	if c.Record != nil {
		for _, name := range c.Record.Renditions {
			if err := record.CheckRendition(name); err != nil {
				return fmt.Errorf("record: %w", err)
			}
		}
	}
	if c.Catalogue == "" {
		return nil
	}
	shelf, err := catalogue.ReadFile(c.Catalogue)
	if err != nil {
		return fmt.Errorf("catalogue: %w", err)
	}
	c.shelf = shelf
	return nil
}

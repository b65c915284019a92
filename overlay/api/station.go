package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"time"

	"vitrine/overlay/catalogue"
	"vitrine/overlay/show"
)

// State says where a channel is between two shows.
type State string

// The states of a channel.
const (
	Off     State = "off"     // it was never on air
	Live    State = "live"    // on air
	Waiting State = "waiting" // the encoder dropped and is awaited
	Ended   State = "ended"   // the last show is over
)

// Status is a channel as the media road knows it. Nil means not known or not
// there.
type Status struct {
	State     State
	Ingest    *Ingest
	Transcode *Transcode
	Warnings  []Warning
	Viewers   int
	Clock     *Clock
}

// Ingest is the encoder that sends.
type Ingest struct {
	Protocol string       `json:"protocol" example:"rtmp"`
	Remote   string       `json:"remote" example:"192.0.2.7:50123"`
	Encoder  string       `json:"encoder" doc:"What the encoder calls itself"`
	Since    Stamp        `json:"since"`
	Video    *VideoSource `json:"video"`
	Audio    *AudioSource `json:"audio"`
}

// TransformSchema lets what may be null be null.
func (Ingest) TransformSchema(_ registry, s *schema) *schema { return nullable(s, "video", "audio") }

// VideoSource is the picture as the encoder sends it.
type VideoSource struct {
	Codec            string  `json:"codec" example:"h264"`
	Width            int     `json:"width" doc:"Pixels"`
	Height           int     `json:"height" doc:"Pixels"`
	FPS              float64 `json:"fps"`
	Bitrate          int     `json:"bitrate" doc:"Bits per second"`
	KeyframeInterval float64 `json:"keyframe_interval" doc:"Seconds"`
}

// AudioSource is the sound as the encoder sends it.
type AudioSource struct {
	Codec      string `json:"codec" example:"aac"`
	SampleRate int    `json:"sample_rate" doc:"Hz"`
	Channels   int    `json:"channels"`
	Bitrate    int    `json:"bitrate" doc:"Bits per second"`
}

// Transcode is how the ladder is made.
type Transcode struct {
	Speed    float64 `json:"speed" doc:"1 is as fast as the show"`
	DelayMS  int     `json:"delay_ms" doc:"Added by the transcoder, milliseconds"`
	Restarts int     `json:"restarts"`
	Rungs    []Rung  `json:"rungs" nullable:"false"`
}

// Rung is one quality that is made.
type Rung struct {
	Name    string `json:"name" example:"480p"`
	Width   int    `json:"width"`
	Height  int    `json:"height"`
	Bitrate int    `json:"bitrate" doc:"Bits per second"`
}

// Warning tells the host in plain words what is wrong and what to do.
type Warning struct {
	Code string `json:"code" example:"keyframes"`
	Text string `json:"text" example:"Keyframes are 8 s apart. Set Keyframe Interval to 2 s in OBS, Output."`
}

// Clock says how well capture time is known.
type Clock struct {
	Source  string `json:"source" example:"arrival"`
	ErrorMS int    `json:"error_ms" doc:"Expected error, milliseconds"`
}

// Station is the running house.
type Station interface {
	// Status returns what is known of the channel now, without waiting.
	Status(channel string) Status
	// End ends the channel's show: the encoder is let go and the stream is
	// closed. It returns show.ErrOffAir if there is none.
	End(ctx context.Context, channel string) error
}

// Archive is what must survive a restart; overlay/store is one.
type Archive interface {
	SaveShelf(ctx context.Context, channel string, s *catalogue.Shelf) error
	SaveAnnouncement(ctx context.Context, channel string, a show.Announcement) error
	Announcement(ctx context.Context, channel string) (show.Announcement, error)
	Cues(ctx context.Context, q show.Query) (show.Record, error)
}

// Channel is what the API needs of one channel.
type Channel struct {
	Desk      *show.Desk
	HostToken string // opens the console

	// Announcement is shown off air until the archive has another.
	Announcement show.Announcement
}

// Config is what a [Server] needs. Pages that are nil answer 404.
type Config struct {
	AdminToken string
	Channels   map[string]Channel // by name
	Station    Station
	Archive    Archive

	Player  http.Handler // the page at /live/CHANNEL/
	Console http.Handler // the page at /console/CHANNEL
	Assets  http.Handler // all of /web/
	Live    http.Handler // all else under /live/CHANNEL/: the stream

	RTMPPort int // where encoders publish, on the host that the API is asked at; 0 for 1935

	Now func() time.Time // nil for time.Now
	Log *slog.Logger
}

// The port of RTMP where none is said, and the last one there is.
const (
	defaultRTMPPort = 1935
	maxPort         = 65535
)

// channelName is a name that stands in URLs and cookies as it is.
var channelName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// Validate returns what is missing or wrong.
func (c Config) Validate() error {
	if c.RTMPPort < 0 || c.RTMPPort > maxPort {
		return fmt.Errorf("api: RTMP port %d is none", c.RTMPPort)
	}
	if c.AdminToken == "" {
		return errors.New("api: no admin token")
	}
	if c.Station == nil || c.Archive == nil || c.Log == nil {
		return errors.New("api: station, archive and log are needed")
	}
	for name, ch := range c.Channels {
		if !channelName.MatchString(name) {
			return fmt.Errorf("channel %q: a name has 1 to 64 letters, digits, dots, dashes or underscores, and begins with a letter or a digit", name)
		}
		if ch.Desk == nil || ch.HostToken == "" {
			return fmt.Errorf("channel %s: a desk and a host token are needed", name)
		}
	}
	return nil
}

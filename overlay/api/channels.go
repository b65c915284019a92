package api

import (
	"cmp"
	"context"
	"math"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"vitrine/overlay/show"
)

// ChannelPath is the part of every input that names the channel.
type ChannelPath struct {
	Channel string `path:"channel" example:"demo" maxLength:"64"`
}

// channelView is a channel as the API tells it.
type channelView struct {
	Channel   string     `json:"channel" example:"demo"`
	State     State      `json:"state" enum:"off,live,waiting,ended"`
	Title     string     `json:"title"`
	Poster    string     `json:"poster"`
	StartsAt  *Stamp     `json:"starts_at"`
	WatchURL  string     `json:"watch_url" example:"/live/demo/"`
	Show      *showView  `json:"show"`
	Ingest    *Ingest    `json:"ingest"`
	Transcode *Transcode `json:"transcode"`
	Warnings  []Warning  `json:"warnings" nullable:"false"`
	Viewers   int        `json:"viewers"`
	Clock     *Clock     `json:"clock"`
	On        []onView   `json:"on" nullable:"false" doc:"What is on show"`
	Publish   publishing `json:"publish" doc:"Where an encoder sends; the stream key is not told"`
}

// TransformSchema lets what may be null be null.
func (channelView) TransformSchema(_ registry, s *schema) *schema {
	return nullable(s, "starts_at", "show", "ingest", "transcode", "clock")
}

// publishing is where encoders send.
type publishing struct {
	RTMP string `json:"rtmp" example:"rtmp://live.example:1935/live"`
}

// Asked is the part of an input that knows at which host the API was asked.
type Asked struct{ host string }

// Resolve implements [huma.Resolver].
func (a *Asked) Resolve(ctx huma.Context) []error {
	a.host = ctx.Host()
	return nil
}

// publishing names the server as whoever asks reaches it: its RTMP listener may
// be bound to all addresses, and say nothing that an encoder could dial.
func (s *Server) publishing(at Asked) publishing {
	u := url.URL{Host: at.host}
	port := cmp.Or(s.cfg.RTMPPort, defaultRTMPPort)
	return publishing{"rtmp://" + net.JoinHostPort(cmp.Or(u.Hostname(), "localhost"), strconv.Itoa(port)) + "/live"}
}

type showView struct {
	ID        string `json:"id"`
	StartedAt Stamp  `json:"started_at"`
	EndedAt   *Stamp `json:"ended_at,omitempty"`
}

type onView struct {
	ID        string  `json:"id" doc:"Of the cue that put it there"`
	No        int     `json:"no" example:"7"`
	Since     Stamp   `json:"since"`
	MediaTime float64 `json:"media_time" doc:"Seconds on the channel's media timeline"`
}

// milliseconds rounds seconds to what JSON needs of them.
func milliseconds(seconds float64) float64 { return math.Round(seconds*1000) / 1000 }

func viewOn(items []show.Item) []onView {
	on := make([]onView, len(items))
	for i, it := range items {
		on[i] = onView{it.ID, it.Product.No, Stamp(it.Since), milliseconds(it.Media.Seconds())}
	}
	return on
}

func (s *Server) view(c *channel, at Asked) channelView {
	status, desk, a := s.cfg.Station.Status(c.name), c.desk.View(), c.announced.Load()
	v := channelView{
		Channel: c.name, State: status.State, Title: a.Title, Poster: a.Poster, StartsAt: stampOf(a.Starts),
		WatchURL: watchURL(c.name), Ingest: status.Ingest, Transcode: status.Transcode, Warnings: status.Warnings,
		Viewers: status.Viewers, Clock: status.Clock, On: viewOn(desk.On),
		Publish: s.publishing(at),
	}
	if v.Warnings == nil {
		v.Warnings = []Warning{}
	}
	if desk.Show != nil {
		v.Show = &showView{ID: desk.Show.ID, StartedAt: Stamp(desk.Show.Started)}
	}
	return v
}

func watchURL(name string) string { return "/live/" + name + "/" }

type listInput struct{ Asked }

type listOutput struct {
	Body []channelView
}

func (s *Server) listChannels(_ context.Context, in *listInput) (*listOutput, error) {
	views := []channelView{}
	for _, name := range s.names {
		views = append(views, s.view(s.channels[name], in.Asked))
	}
	return &listOutput{views}, nil
}

type channelInput struct {
	ChannelPath
	Asked
}

type channelOutput struct {
	Body channelView
}

func (s *Server) getChannel(_ context.Context, in *channelInput) (*channelOutput, error) {
	return &channelOutput{s.view(s.channels[in.Channel], in.Asked)}, nil
}

// announcementBody replaces an announcement; what is left out becomes empty.
type announcementBody struct {
	Title    string `json:"title,omitempty" maxLength:"200" example:"Evening wigs"`
	Poster   string `json:"poster,omitempty" maxLength:"2000" example:"https://shop.example/poster.jpg" doc:"http(s), or a path that begins with one /"`
	StartsAt *Stamp `json:"starts_at,omitempty" doc:"When the next show begins"`
}

// TransformSchema lets what may be null be null.
func (announcementBody) TransformSchema(_ registry, s *schema) *schema {
	return nullable(s, "starts_at")
}

type announceInput struct {
	ChannelPath
	Asked
	Body announcementBody
}

func (s *Server) announce(ctx context.Context, in *announceInput) (*channelOutput, error) {
	c := s.channels[in.Channel]
	a := show.Announcement{Title: in.Body.Title, Poster: in.Body.Poster, Starts: timeOf(in.Body.StartsAt).Truncate(time.Millisecond)}
	if err := a.Validate(); err != nil {
		return nil, s.fail(c, "announce", err)
	}
	c.edits.Lock()
	defer c.edits.Unlock()
	if err := s.cfg.Archive.SaveAnnouncement(ctx, c.name, a); err != nil {
		return nil, s.fail(c, "announce", err)
	}
	c.announced.Store(&a)
	return &channelOutput{s.view(c, in.Asked)}, nil
}

func (s *Server) endShow(ctx context.Context, in *ChannelPath) (*struct{}, error) {
	c := s.channels[in.Channel]
	if err := s.cfg.Station.End(ctx, c.name); err != nil {
		return nil, s.fail(c, http.MethodPost+" end", err)
	}
	return nil, nil
}

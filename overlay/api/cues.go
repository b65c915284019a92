package api

import (
	"context"
	"time"

	"vitrine/overlay/show"
)

type cueInput struct {
	ChannelPath
	Body cueBody
}

type cueBody struct {
	Type    string `json:"type" enum:"show,hide"`
	Product int    `json:"product" minimum:"1" maximum:"9999" example:"7" doc:"Its number on the shelf"`
	At      *Stamp `json:"at,omitempty" doc:"When the frame was captured; now if left out"`
}

// TransformSchema lets what may be null be null.
func (cueBody) TransformSchema(_ registry, s *schema) *schema { return nullable(s, "at") }

// CueView is a cue and where it went.
type CueView struct {
	ID        string  `json:"id"`
	Type      string  `json:"type" enum:"show,hide"`
	Product   int     `json:"product"`
	At        Stamp   `json:"at"`
	MediaTime float64 `json:"media_time" doc:"Seconds on the channel's media timeline"`
	LateMS    int64   `json:"late_ms" doc:"How much later than asked it is seen, as that frame was already out"`
	Clock     Clock   `json:"clock"`
}

func viewCue(e show.Entry) CueView {
	return CueView{
		ID: e.ID, Type: string(e.Type), Product: e.Product.No, At: Stamp(e.At),
		MediaTime: milliseconds(e.Media.Seconds()), LateMS: e.Late.Round(time.Millisecond).Milliseconds(),
		Clock: Clock{string(e.Clock.Source), int(e.Clock.Error.Milliseconds())},
	}
}

type placedView struct {
	CueView
	On []onView `json:"on" nullable:"false" doc:"What is on show now"`
}

type placedOutput struct {
	Body placedView
}

func (s *Server) postCue(ctx context.Context, in *cueInput) (*placedOutput, error) {
	c := s.channels[in.Channel]
	act := c.desk.Show
	if in.Body.Type == string(show.TypeHide) {
		act = c.desk.Hide
	}
	e, err := act(ctx, in.Body.Product, timeOf(in.Body.At))
	if err != nil {
		return nil, s.fail(c, "cue", err)
	}
	return &placedOutput{placedView{viewCue(e), viewOn(c.desk.View().On)}}, nil
}

type cuesInput struct {
	ChannelPath
	Show   string `query:"show" maxLength:"64" doc:"Id of a show; the current or last one if left out"`
	Before string `query:"before" maxLength:"64" doc:"Id of the cue that the page ends before: next of the page before"`
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

type cuesView struct {
	Show *showView    `json:"show"`
	Cues []loggedView `json:"cues" nullable:"false"`
	Next string       `json:"next,omitempty" doc:"Send it as before for the next page; left out on the last"`
}

// TransformSchema lets what may be null be null.
func (cuesView) TransformSchema(_ registry, s *schema) *schema { return nullable(s, "show") }

type loggedView struct {
	CueView
	SKU   string `json:"sku"`
	Title string `json:"title" doc:"As it was then"`
}

type cuesOutput struct {
	Body cuesView
}

func (s *Server) listCues(ctx context.Context, in *cuesInput) (*cuesOutput, error) {
	c := s.channels[in.Channel]
	r, err := s.cfg.Archive.Cues(ctx, show.Query{Channel: c.name, Show: in.Show, Before: in.Before, Limit: in.Limit + 1})
	if err != nil {
		return nil, s.fail(c, "read the cue log", err)
	}
	v := cuesView{Cues: []loggedView{}}
	if r.Show.ID != "" {
		v.Show = &showView{r.Show.ID, Stamp(r.Show.Started), stampOf(r.Show.Ended)}
	}
	if len(r.Entries) > in.Limit { // the one too many tells that there is more
		r.Entries = r.Entries[:in.Limit]
		v.Next = r.Entries[in.Limit-1].ID
	}
	for _, e := range r.Entries {
		v.Cues = append(v.Cues, loggedView{viewCue(e), e.Product.SKU, e.Product.Title})
	}
	return &cuesOutput{v}, nil
}

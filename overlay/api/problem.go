package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"vitrine/overlay/catalogue"
	"vitrine/overlay/show"
)

// problem is an error answer whose detail names the cure.
func problem(status int, detail string, errs ...error) *huma.ErrorModel {
	p := &huma.ErrorModel{Title: http.StatusText(status), Status: status, Detail: detail}
	for _, err := range errs {
		p.Add(err)
	}
	return p
}

// at is an error at a place of the request, such as body.product.
func at(place, reason string) *huma.ErrorDetail {
	return &huma.ErrorDetail{Location: place, Message: reason}
}

// writeProblem answers outside of huma.
func writeProblem(w http.ResponseWriter, p *huma.ErrorModel) {
	b, err := json.Marshal(p)
	if err != nil {
		b = []byte(`{"status":500}`)
	}
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(p.Status)
	w.Write(b) //nolint:errcheck // whoever asked is gone
}

// humane rewrites huma's own errors so that the detail says what to do. It is a
// huma.Transformer.
func humane(_ huma.Context, _ string, v any) (any, error) {
	p, ok := v.(*huma.ErrorModel)
	if !ok {
		return v, nil
	}
	q := *p
	switch {
	case q.Detail == "validation failed" && len(q.Errors) > 0:
		first := q.Errors[0]
		q.Detail = sentence(fmt.Sprintf("%s: %s", strings.TrimPrefix(first.Location, "body."), first.Message))
		if more := len(q.Errors) - 1; more > 0 {
			q.Detail += fmt.Sprintf(" And %d more, see errors.", more)
		}
	case q.Status == http.StatusRequestEntityTooLarge:
		q.Detail = "The body is too large: send less."
	case q.Status == http.StatusRequestTimeout:
		q.Detail = "The body came too slowly: send it again."
	case q.Detail == "request body is required":
		q.Detail = "The body is missing: send JSON, as the OpenAPI document says."
	}
	for i, e := range q.Errors {
		short := *e
		short.Value = nil // what was sent is known to the sender
		q.Errors[i] = &short
	}
	return &q, nil
}

// sentence makes a sentence of a Go error's text.
func sentence(s string) string {
	if s == "" {
		return ""
	}
	s = strings.ToUpper(s[:1]) + s[1:]
	if !strings.ContainsAny(s[len(s)-1:], ".!?") {
		s += "."
	}
	return s
}

// fail makes the answer to err, an error of what was attempted. What is our own
// fault is logged.
func (s *Server) fail(c *channel, attempt string, err error) error {
	var field catalogue.FieldError
	switch {
	case errors.Is(err, show.ErrOffAir):
		return problem(http.StatusConflict, "The channel is off air: go live, then try again.")
	case errors.Is(err, show.ErrOutsideWindow):
		const text = "This moment is no longer, or not yet, in the live window: leave out at, or set the clock of the machine that sends it."
		return problem(http.StatusUnprocessableEntity, text, at("body.at", text))
	case errors.Is(err, show.ErrUnknownProduct):
		text := unknownProduct(c)
		return problem(http.StatusUnprocessableEntity, text, at("body.product", text))
	case errors.Is(err, show.ErrNotOnShow):
		return problem(http.StatusConflict, "This product is not on show: there is nothing to hide.")
	case errors.As(err, &field):
		return problem(http.StatusUnprocessableEntity, sentence(field.Error()), at("body."+field.Field, field.Reason))
	}
	s.cfg.Log.Error(attempt, "channel", c.name, "err", err)
	if errors.Is(err, show.ErrNotLogged) {
		return problem(http.StatusInternalServerError, "Viewers see it, so do not send it again. But it was not written to the cue log: "+cureIn(err))
	}
	return problem(http.StatusServiceUnavailable, "Nothing was changed: "+cureIn(err))
}

// cureIn is the text of err, which for the store's errors names a cure.
func cureIn(err error) string { return sentence(err.Error()) }

func unknownProduct(c *channel) string {
	products := c.desk.Shelf().Products()
	if len(products) == 0 {
		return "The shelf is empty: put products on it with PUT /api/v1/channels/" + c.name + "/products."
	}
	return fmt.Sprintf("No product on the shelf has this number: there are %d, from %d to %d.", len(products), products[0].No, products[len(products)-1].No)
}

package show

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"vitrine/overlay/catalogue"
)

// MaxAnnouncedTitle bounds the title of an [Announcement], in characters.
const MaxAnnouncedTitle = 200

// Announcement is what a channel's page says while it is off air. All of it may
// be empty.
type Announcement struct {
	Title  string
	Poster string    // a link that [catalogue.CheckLink] takes
	Starts time.Time // when the next show begins; zero if nobody said
}

// Validate returns a [catalogue.FieldError], named as in JSON, or nil.
func (a Announcement) Validate() error {
	if n := utf8.RuneCountInString(a.Title); n > MaxAnnouncedTitle {
		return catalogue.FieldError{Field: "title", Reason: fmt.Sprintf("has %d characters: shorten it to %d", n, MaxAnnouncedTitle)}
	}
	if !utf8.ValidString(a.Title) || strings.ContainsFunc(a.Title, unicode.IsControl) {
		return catalogue.FieldError{Field: "title", Reason: "holds a control character: remove it"}
	}
	if a.Poster == "" {
		return nil
	}
	if err := catalogue.CheckLink(a.Poster); err != nil {
		return catalogue.FieldError{Field: "poster", Reason: err.Error()}
	}
	return nil
}

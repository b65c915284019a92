package catalogue

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of a [Product].
const (
	MinNo    = 1
	MaxNo    = 9999
	MaxSKU   = 64   // bytes, so that a state of three products fits a cue
	MaxTitle = 200  // characters
	MaxLink  = 2000 // bytes of an image or url
)

// Product is one thing for sale. Image and URL may be empty, the rest is given.
type Product struct {
	No       int    `json:"no" minimum:"1" maximum:"9999" example:"7" doc:"The number the host says aloud; unique on the shelf"`
	SKU      string `json:"sku" minLength:"1" maxLength:"64" example:"WIG-7" doc:"The shop's own identifier"`
	Title    string `json:"title" minLength:"1" maxLength:"200" example:"Auburn wave"`
	Price    string `json:"price" pattern:"^(0|[1-9][0-9]{0,8})(\\.[0-9]{1,3})?$" example:"29.90" doc:"A decimal number with a point, as a string"`
	Currency string `json:"currency" pattern:"^[A-Z]{3}$" example:"USD" doc:"ISO 4217, three letters"`
	Image    string `json:"image,omitempty" maxLength:"2000" example:"https://shop.example/wig-7.jpg" doc:"http(s), or a path that begins with one /"`
	URL      string `json:"url,omitempty" maxLength:"2000" example:"https://shop.example/wig-7" doc:"http(s), or a path that begins with one /"`
}

// FieldError says which field of a product is bad, and why.
type FieldError struct {
	Field  string // as in JSON: "no", "title", …
	Reason string // names the cure
}

func (e FieldError) Error() string { return e.Field + ": " + e.Reason }

var (
	priceForm    = regexp.MustCompile(`^(0|[1-9][0-9]{0,8})(\.[0-9]{1,3})?$`)
	currencyForm = regexp.MustCompile(`^[A-Z]{3}$`)
)

// Validate returns every [FieldError] of p joined, or nil.
func (p Product) Validate() error {
	var errs []error
	for _, e := range p.problems() {
		errs = append(errs, e)
	}
	return errors.Join(errs...)
}

func (p Product) problems() []FieldError {
	var bad []FieldError
	note := func(field, reason string) {
		if reason != "" {
			bad = append(bad, FieldError{field, reason})
		}
	}
	if p.No < MinNo || p.No > MaxNo {
		note("no", fmt.Sprintf("%d is not a shelf number: use %d to %d", p.No, MinNo, MaxNo))
	}
	note("sku", badText(p.SKU, len(p.SKU), MaxSKU, "bytes"))
	note("title", badText(p.Title, utf8.RuneCountInString(p.Title), MaxTitle, "characters"))
	note("price", badPrice(p.Price))
	if !currencyForm.MatchString(p.Currency) {
		note("currency", fmt.Sprintf("%.20q is not a currency: use three letters of ISO 4217, as USD", p.Currency))
	}
	for _, link := range []struct{ field, value string }{{"image", p.Image}, {"url", p.URL}} {
		if link.value == "" {
			continue
		}
		if err := CheckLink(link.value); err != nil {
			note(link.field, err.Error())
		}
	}
	return bad
}

// badText returns why s is not a line of text with 1 to most units, or "".
func badText(s string, n, most int, unit string) string {
	switch {
	case strings.TrimSpace(s) == "":
		return "is empty: fill it in"
	case n > most:
		return fmt.Sprintf("has %d %s: shorten it to %d", n, unit, most)
	case !utf8.ValidString(s):
		return "is not UTF-8: save the file as UTF-8"
	case strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) && !isJoiner(r) }):
		return "holds a control character: remove it"
	}
	return ""
}

// isJoiner reports the format characters that names and emoji are written with.
func isJoiner(r rune) bool { return r == '\u200c' || r == '\u200d' }

func badPrice(s string) string {
	switch {
	case s == "":
		return "is empty: write a number, as 29.90"
	case !priceForm.MatchString(s):
		return fmt.Sprintf("%.20q is not a price: write digits and a point, as 29.90", s)
	}
	return ""
}

// CheckLink says why s must not be shown to viewers as a link or an image, or
// returns nil. It takes an absolute http or https URL, and a path on this site
// that begins with exactly one slash.
func CheckLink(s string) error {
	if len(s) > MaxLink {
		return fmt.Errorf("has %d bytes: shorten it to %d", len(s), MaxLink)
	}
	// Browsers read a backslash as a slash and drop tabs and newlines, so that
	// what looks like a path here could be another site there.
	if strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r == '\\' || r == 0x7f || r == utf8.RuneError }) {
		return errors.New("holds a space, a backslash or a control character: percent-encode it")
	}
	u, err := url.Parse(s)
	switch {
	case err != nil:
		return fmt.Errorf("%.60q is not a URL: use https://…", s)
	case u.Scheme == "" && u.Host == "" && strings.HasPrefix(s, "/") && !strings.HasPrefix(s, "//"):
		return nil
	case u.Scheme != "http" && u.Scheme != "https", u.Hostname() == "":
		return fmt.Errorf("%.60q is not a web address: use https://…, or a path that begins with one /", s)
	case u.User != nil:
		return errors.New("holds a user name: viewers would see it, remove it")
	}
	return nil
}

package api

import (
	_ "embed"
	"fmt"
	"html/template"
	"math"
	"net/http"
	"strconv"
)

// maxForm bounds the body of a login, in bytes.
const maxForm = 4 << 10

// consolePolicy is what the form needs. The console's page states its own.
const consolePolicy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

//go:embed login.html
var loginPage string

var loginTemplate = template.Must(template.New("login").Parse(loginPage))

// consoleHeaders are those of every answer under /console/: the token may be in
// the URL, so nobody is told where the browser came from, and nothing is kept.
func consoleHeaders(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Content-Security-Policy", consolePolicy)
	h.Set("X-Frame-Options", "DENY")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", noStore)
	h.Set("X-Robots-Tag", "noindex")
}

// console is the page, or the exchange of a token for the cookie, or the form
// that asks for one.
func (s *Server) console(w http.ResponseWriter, r *http.Request) {
	consoleHeaders(w)
	name := r.PathValue("channel")
	c := s.channels[name]
	switch {
	case c == nil:
		writeProblem(w, noChannel(name))
	case r.URL.Query().Has("token"):
		s.exchange(w, r, c, r.URL.Query().Get("token"))
	case c.hasCookie(r):
		orNothing(s.cfg.Console).ServeHTTP(w, r)
	default:
		askToken(w, c, http.StatusUnauthorized, "")
	}
}

// login takes the form. Its browser may say "null" for its origin, as our pages
// send no referrer; who logs somebody in from elsewhere had the token anyway.
func (s *Server) login(w http.ResponseWriter, r *http.Request) {
	consoleHeaders(w)
	name := r.PathValue("channel")
	c := s.channels[name]
	if c == nil {
		writeProblem(w, noChannel(name))
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		askToken(w, c, http.StatusBadRequest, "The form could not be read. Enter the token again.")
		return
	}
	s.exchange(w, r, c, r.PostForm.Get("token"))
}

// exchange gives the cookie for the token and takes the token out of the URL.
func (s *Server) exchange(w http.ResponseWriter, r *http.Request, c *channel, token string) {
	from := addressOf(r)
	if wait := s.logins.wait(from); wait > 0 {
		seconds := int(math.Ceil(wait.Seconds()))
		w.Header().Set("Retry-After", strconv.Itoa(seconds))
		askToken(w, c, http.StatusTooManyRequests, fmt.Sprintf("Too many wrong tokens. Try again in %d s.", seconds))
		return
	}
	if !equal(token, c.hostToken) {
		s.logins.wrong(from)
		s.cfg.Log.Warn("wrong host token", "channel", c.name, "remote", r.RemoteAddr)
		askToken(w, c, http.StatusForbidden, "This token does not open this console. The server prints the right one when it starts.")
		return
	}
	c.setCookie(w, r)
	http.Redirect(w, r, "/console/"+c.name, http.StatusSeeOther)
}

func askToken(w http.ResponseWriter, c *channel, status int, message string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	//nolint:errcheck // whoever asked is gone
	loginTemplate.Execute(w, struct{ Channel, Message string }{c.name, message})
}

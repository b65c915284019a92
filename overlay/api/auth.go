package api

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"net/http"
	"net/url"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

const (
	cookiePrefix = "vitrine_host_" // and the channel's name
	cookieAge    = 30 * 24 * 3600  // seconds: a host's browser is known for a month
	cookieLabel  = "vitrine host cookie 1 "
)

// equal compares secrets in a time that tells nothing of either.
func equal(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}

// cookieValue is what a host token is exchanged for. The token cannot be found
// from it, and a new token makes it worthless.
func cookieValue(channel, hostToken string) string {
	m := hmac.New(sha256.New, []byte(hostToken))
	m.Write([]byte(cookieLabel + channel))
	return hex.EncodeToString(m.Sum(nil))
}

// hasCookie reports whether r comes from a browser that c's host token was
// given to.
func (c *channel) hasCookie(r *http.Request) bool {
	for _, k := range r.CookiesNamed(cookiePrefix + c.name) {
		if equal(k.Value, c.cookie) {
			return true
		}
	}
	return false
}

// setCookie lets the browser in to c.
func (c *channel) setCookie(w http.ResponseWriter, r *http.Request) {
	http.SetCookie(w, &http.Cookie{
		Name: cookiePrefix + c.name, Value: c.cookie, Path: "/", MaxAge: cookieAge,
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: underTLS(r),
	})
}

// underTLS reports whether the browser speaks TLS, to us or to the proxy before
// us. A client that lies about it harms its own cookie only.
func underTLS(r *http.Request) bool {
	return r.TLS != nil || strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https")
}

// sameOrigin reports whether a page of ours sent r. Browsers say so in one
// header or the other; what says nothing is not a browser's doing, and has no
// business with a cookie.
func sameOrigin(r *http.Request) bool {
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" {
		return site == "same-origin"
	}
	u, err := url.Parse(r.Header.Get("Origin"))
	return err == nil && u.Host != "" && strings.EqualFold(u.Host, r.Host)
}

// entrant says who may use an operation.
type entrant int

const (
	adminOnly entrant = iota
	hostToo
)

// security is the same for the OpenAPI document.
func (e entrant) security() []map[string][]string {
	s := []map[string][]string{{"admin": {}}}
	if e == hostToo {
		s = append(s, map[string][]string{"host": {}})
	}
	return s
}

// guard is the door of an operation.
func (s *Server) guard(who entrant) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		r, w := humago.Unwrap(ctx)
		if p := s.refusal(r, who); p != nil {
			if p.Status == http.StatusUnauthorized {
				w.Header().Set("WWW-Authenticate", `Bearer realm="vitrine"`)
			}
			writeProblem(w, p)
			return
		}
		next(ctx)
	}
}

// refusal returns why r may not pass, or nil. A request with an Authorization
// header is judged by that alone.
func (s *Server) refusal(r *http.Request, who entrant) *huma.ErrorModel {
	name := r.PathValue("channel")
	c := s.channels[name]
	if header := r.Header.Get("Authorization"); header != "" {
		scheme, token, _ := strings.Cut(header, " ")
		if !strings.EqualFold(scheme, "Bearer") || !equal(strings.TrimSpace(token), s.cfg.AdminToken) {
			return problem(http.StatusUnauthorized, "The admin token is wrong: send the one that the server printed when it first started, or admin_token of its configuration.")
		}
		if name != "" && c == nil {
			return noChannel(name)
		}
		return nil
	}
	known := c != nil && c.hasCookie(r)
	switch {
	case !known && s.hasAnyCookie(r):
		return problem(http.StatusForbidden, "This console opens its own channel only: open the console of the other one, or send the admin token.")
	case !known:
		return problem(http.StatusUnauthorized, "Who is this? Send “Authorization: Bearer ADMIN_TOKEN”, or open the channel's console with its host token.")
	case who == adminOnly:
		return problem(http.StatusForbidden, "A host may not do this: send the admin token.")
	case r.Method != http.MethodGet && r.Method != http.MethodHead && !sameOrigin(r):
		return problem(http.StatusForbidden, "This was sent from another site: use the console's own page.")
	}
	return nil
}

func (s *Server) hasAnyCookie(r *http.Request) bool {
	for _, k := range r.Cookies() {
		if name, ours := strings.CutPrefix(k.Name, cookiePrefix); ours {
			if c := s.channels[name]; c != nil && equal(k.Value, c.cookie) {
				return true
			}
		}
	}
	return false
}

func noChannel(name string) *huma.ErrorModel {
	return problem(http.StatusNotFound, "There is no channel “"+name+"”: see its name in vitrine.yaml.")
}

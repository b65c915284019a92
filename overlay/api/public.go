package api

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// How long a cache between us and the viewers may answer for us.
const (
	statusCache = "public, max-age=1"
	shelfCache  = "public, max-age=5"
)

// pages registers all that is not /api/v1.
func (s *Server) pages() {
	s.mux.Handle("/web/", public(orNothing(s.cfg.Assets)))
	s.mux.Handle("/live/{channel}/status.json", public(reading(s.onChannel(s.serveStatus))))
	s.mux.Handle("/live/{channel}/shelf.json", public(reading(s.onChannel(s.serveShelf))))
	s.mux.Handle("/live/{channel}/{$}", public(reading(http.HandlerFunc(s.servePlayer))))
	live := s.cfg.Live // it has its own CORS
	if live == nil {
		live = public(orNothing(nil))
	}
	s.mux.Handle("/live/{channel}/", live)
	s.mux.HandleFunc("GET /console/{channel}", s.console)
	s.mux.HandleFunc("POST /console/{channel}", s.login)
	s.mux.HandleFunc("GET /console/{channel}/{$}", func(w http.ResponseWriter, r *http.Request) {
		consoleHeaders(w)
		u := *r.URL
		u.Path, u.RawPath = "/console/"+r.PathValue("channel"), ""
		http.Redirect(w, r, u.RequestURI(), http.StatusPermanentRedirect)
	})
}

func orNothing(h http.Handler) http.Handler {
	if h != nil {
		return h
	}
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { writeProblem(w, nothingHere()) })
}

// public lets pages of any site read the answer, whatever its status.
func public(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		head := w.Header()
		head.Set("Access-Control-Allow-Origin", "*")
		head.Set("Access-Control-Expose-Headers", "ETag, Date, Age")
		head.Set("Timing-Allow-Origin", "*")
		head.Set("Cross-Origin-Resource-Policy", "cross-origin")
		if r.Method == http.MethodOptions {
			head.Set("Access-Control-Allow-Methods", "GET, HEAD, OPTIONS")
			head.Set("Access-Control-Allow-Headers", "*")
			head.Set("Access-Control-Max-Age", "86400")
			w.WriteHeader(http.StatusNoContent)
			return
		}
		h.ServeHTTP(w, r)
	})
}

// reading refuses all methods but those that read.
func reading(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD, OPTIONS")
			writeProblem(w, problem(http.StatusMethodNotAllowed, r.Method+" is not for this address: use GET."))
			return
		}
		h.ServeHTTP(w, r)
	})
}

func (s *Server) onChannel(serve func(http.ResponseWriter, *http.Request, *channel)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := r.PathValue("channel")
		c := s.channels[name]
		if c == nil {
			writeProblem(w, noChannel(name))
			return
		}
		serve(w, r, c)
	})
}

// servePlayer gives the page. Where there is no such channel a browser gets it
// too, under the status that is due: the page says so in plain words.
func (s *Server) servePlayer(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("channel")
	switch {
	case s.channels[name] != nil:
		orNothing(s.cfg.Player).ServeHTTP(w, r)
	case s.cfg.Player != nil && strings.Contains(r.Header.Get("Accept"), "text/html"):
		r.Header.Del("If-None-Match")
		m := &missing{ResponseWriter: w}
		s.cfg.Player.ServeHTTP(m, r)
		m.WriteHeader(http.StatusOK) // HEAD has no body to imply it
	default:
		writeProblem(w, noChannel(name))
	}
}

// missing answers 404 where a handler would say that all is well.
type missing struct {
	http.ResponseWriter
	said bool
}

func (m *missing) WriteHeader(status int) {
	if m.said {
		return
	}
	m.said = true
	if status == http.StatusOK {
		status = http.StatusNotFound
		m.Header().Set("Cache-Control", noStore)
	}
	m.ResponseWriter.WriteHeader(status)
}

func (m *missing) Write(b []byte) (int, error) {
	m.WriteHeader(http.StatusOK)
	return m.ResponseWriter.Write(b)
}

type publicStatus struct {
	Channel  string  `json:"channel"`
	State    State   `json:"state"`
	Title    string  `json:"title"`
	Poster   string  `json:"poster"`
	StartsAt *Stamp  `json:"starts_at"`
	Show     *string `json:"show"`
	Playlist string  `json:"playlist"`
}

func (s *Server) serveStatus(w http.ResponseWriter, r *http.Request, c *channel) {
	a := c.announced.Load()
	v := publicStatus{
		Channel: c.name, State: s.cfg.Station.Status(c.name).State, Title: a.Title, Poster: a.Poster,
		StartsAt: stampOf(a.Starts), Playlist: watchURL(c.name) + "index.m3u8",
	}
	if sh := c.desk.View().Show; sh != nil {
		v.Show = &sh.ID
	}
	b, err := json.Marshal(v)
	if err != nil {
		s.cfg.Log.Error("render status", "channel", c.name, "err", err)
		writeProblem(w, problem(http.StatusInternalServerError, "The status cannot be told: see the server's log."))
		return
	}
	serveJSON(w, r, statusCache, hashOf(b), b)
}

func (s *Server) serveShelf(w http.ResponseWriter, r *http.Request, c *channel) {
	shelf := c.desk.Shelf()
	b, err := shelf.MarshalJSON()
	if err != nil {
		s.cfg.Log.Error("render shelf", "channel", c.name, "err", err)
		writeProblem(w, problem(http.StatusInternalServerError, "The shelf cannot be told: see the server's log."))
		return
	}
	serveJSON(w, r, shelfCache, shelf.Version(), b)
}

func hashOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:8])
}

// serveJSON answers with b, or with 304 to whoever has it already.
func serveJSON(w http.ResponseWriter, r *http.Request, cache, version string, b []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", cache)
	w.Header().Set("ETag", `"`+version+`"`)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(b))
}

// fixed answers with b always.
func fixed(contentType string, b []byte) http.Handler {
	etag := `"` + hashOf(b) + `"`
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.Header().Set("Cache-Control", "no-cache")
		w.Header().Set("ETag", etag)
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(b))
	})
}

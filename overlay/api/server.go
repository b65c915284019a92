package api

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"vitrine/overlay/show"
)

// noStore is the Cache-Control of what is for one person or one moment.
const noStore = "no-store"

// Server answers all of /api/v1/, /console/, /web/ and /live/. It is an
// [http.Handler], safe for concurrent use, and has nothing to close.
type Server struct {
	cfg      Config
	channels map[string]*channel
	names    []string // sorted
	logins   *limiter
	mux      *http.ServeMux
}

// channel is one channel as the server holds it.
type channel struct {
	name      string
	desk      *show.Desk
	hostToken string
	cookie    string
	announced atomic.Pointer[show.Announcement]
	edits     sync.Mutex // held while shelf or announcement are saved and taken over
}

// New returns the Server of cfg. It reads each channel's announcement.
func New(ctx context.Context, cfg Config) (*Server, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	s := &Server{cfg: cfg, channels: map[string]*channel{}, logins: newLimiter(cfg.Now), mux: http.NewServeMux()}
	for name, ch := range cfg.Channels {
		a, err := cfg.Archive.Announcement(ctx, name)
		if err != nil {
			return nil, err
		}
		if a == (show.Announcement{}) {
			a = ch.Announcement
		}
		c := &channel{name: name, desk: ch.Desk, hostToken: ch.HostToken, cookie: cookieValue(name, ch.HostToken)}
		c.announced.Store(&a)
		s.channels[name] = c
	}
	s.names = sortedNames(cfg.Channels)
	if err := s.operations(); err != nil {
		return nil, err
	}
	s.pages()
	return s, nil
}

// ServeHTTP implements [http.Handler].
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if strings.HasPrefix(r.URL.Path, root+"/") {
		w.Header().Set("Cache-Control", noStore)
	}
	if h, pattern := s.mux.Handler(r); pattern == "" {
		var answer http.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { stray(w, r, h) })
		if strings.HasPrefix(r.URL.Path, "/live/") {
			answer = public(answer)
		}
		answer.ServeHTTP(w, r)
		return
	}
	s.mux.ServeHTTP(w, r)
}

// stray answers what no pattern is for: the mux knows whether it is the path or
// the method that is wrong, but says so in plain text.
func stray(w http.ResponseWriter, r *http.Request, h http.Handler) {
	said := &verdict{header: http.Header{}}
	h.ServeHTTP(said, r)
	if said.status == http.StatusMethodNotAllowed {
		allow := said.header.Get("Allow")
		w.Header().Set("Allow", allow)
		writeProblem(w, problem(http.StatusMethodNotAllowed, r.Method+" is not for this address: use "+allow+"."))
		return
	}
	writeProblem(w, nothingHere())
}

func nothingHere() *huma.ErrorModel {
	return problem(http.StatusNotFound, "There is nothing at this address: the API's are in /api/v1/openapi.json, a channel is at /live/CHANNEL/.")
}

// verdict keeps the status and the header of an answer and drops the rest.
type verdict struct {
	header http.Header
	status int
}

func (v *verdict) Header() http.Header         { return v.header }
func (v *verdict) WriteHeader(status int)      { v.status = status }
func (v *verdict) Write(b []byte) (int, error) { return len(b), nil }

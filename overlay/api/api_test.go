package api

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vitrine/internal/media"
	"vitrine/overlay/catalogue"
	"vitrine/overlay/show"
)

var update = flag.Bool("update", false, "write testdata anew")

const (
	adminToken = "admin-secret"
	hostToken  = "host-secret"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 123_000_000, time.UTC)

// house is a Station, an Archive, a Placer and a Log in memory.
type house struct {
	status    Status
	ended     []string
	announced show.Announcement
	shelf     *catalogue.Shelf
	entries   []show.Entry
	full      error // what writing returns
	place     error // what placing returns
}

func (h *house) Status(string) Status { return h.status }
func (h *house) End(_ context.Context, channel string) error {
	if h.status.State != Live {
		return show.ErrOffAir
	}
	h.ended = append(h.ended, channel)
	return nil
}

func (h *house) SaveShelf(_ context.Context, _ string, s *catalogue.Shelf) error {
	if h.full == nil {
		h.shelf = s
	}
	return h.full
}

func (h *house) SaveAnnouncement(_ context.Context, _ string, a show.Announcement) error {
	if h.full == nil {
		h.announced = a
	}
	return h.full
}

func (h *house) Announcement(context.Context, string) (show.Announcement, error) {
	return h.announced, nil
}

func (h *house) Cues(_ context.Context, q show.Query) (show.Record, error) {
	r := show.Record{Show: show.Show{ID: "s1", Started: noon}}
	for i := len(h.entries) - 1; i >= 0 && len(r.Entries) < q.Limit; i-- {
		if e := h.entries[i]; e.ID != "" && (q.Before == "" || e.ID < q.Before) {
			r.Entries = append(r.Entries, e)
		}
	}
	return r, h.full
}

func (h *house) AddCue(c media.Cue) (media.Placement, error) {
	return media.Placement{
		Media: media.TicksOf(86400 * time.Millisecond), Late: 40 * time.Millisecond,
		Clock: media.Clock{Source: media.ClockArrival, Error: 50 * time.Millisecond},
	}, h.place
}

func (h *house) Append(_ context.Context, e show.Entry) error {
	if h.full == nil {
		h.entries = append(h.entries, e)
	}
	return h.full
}

func (h *house) Unfinished(context.Context, string) (show.Record, error) { return show.Record{}, nil }

func wig(no int) catalogue.Product {
	return catalogue.Product{No: no, SKU: "WIG", Title: "Auburn wave", Price: "29.90", Currency: "USD"}
}

// rig is a server with the channels demo, on air, and other.
type rig struct {
	*house
	*Server
	desk *show.Desk
	now  time.Time
	logs strings.Builder
}

func start(t *testing.T) *rig {
	t.Helper()
	g := &rig{house: &house{status: Status{State: Live, Viewers: 12}}, now: noon}
	now := func() time.Time { return g.now }
	desk := func(channel string) *show.Desk {
		shelf, err := catalogue.NewShelf([]catalogue.Product{wig(7), wig(8)})
		if err != nil {
			t.Fatal(err)
		}
		d, err := show.New(t.Context(), show.Config{Channel: channel, Shelf: shelf, Placer: g.house, Cues: g.house, Now: now})
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	g.desk = desk("demo")
	if err := g.desk.StartShow(t.Context(), "s1", noon); err != nil {
		t.Fatal(err)
	}
	said := func(what string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, what) })
	}
	var err error
	g.Server, err = New(t.Context(), Config{
		AdminToken: adminToken,
		Channels:   map[string]Channel{"demo": {Desk: g.desk, HostToken: hostToken}, "other": {Desk: desk("other"), HostToken: "other-secret"}},
		Station:    g.house, Archive: g.house,
		Player: said("player page"), Console: said("console page"), Assets: said("asset"), Live: said("stream"),
		Now: now, Log: slog.New(slog.NewTextHandler(&g.logs, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// call sends a request; headers come as name, value, ….
func (g *rig) call(method, target, body string, headers ...string) *http.Response {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	g.ServeHTTP(w, r)
	return w.Result()
}

// asAdmin and asHost are the headers of the two who have a key.
func asAdmin() []string { return []string{"Authorization", "Bearer " + adminToken} }

func asHost(more ...string) []string {
	return append([]string{"Cookie", cookiePrefix + "demo=" + cookieValue("demo", hostToken)}, more...)
}

func hostPage() []string { return asHost("Sec-Fetch-Site", "same-origin") }

func text(t *testing.T, r *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// wantJSON compares the answer with a JSON text, whatever its spaces.
func wantJSON(t *testing.T, r *http.Response, status int, want string) {
	t.Helper()
	got := text(t, r)
	if r.StatusCode != status {
		t.Fatalf("status %d, want %d: %s", r.StatusCode, status, got)
	}
	if a, b := canonical(t, got), canonical(t, want); a != b {
		t.Errorf("got\n%s\nwant\n%s", a, b)
	}
}

func canonical(t *testing.T, s string) string {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(s), &v); err != nil {
		t.Fatalf("%v in %s", err, s)
	}
	b, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// wantProblem checks that the answer is a problem whose detail holds want.
func wantProblem(t *testing.T, r *http.Response, status int, want string) {
	t.Helper()
	b := text(t, r)
	var p struct {
		Status        int
		Title, Detail string
	}
	if err := json.Unmarshal([]byte(b), &p); err != nil {
		t.Fatalf("status %d: %v in %q", r.StatusCode, err, b)
	}
	if r.StatusCode != status || p.Status != status || p.Title == "" || !strings.Contains(p.Detail, want) {
		t.Errorf("status %d: %s\nwant %d with %q", r.StatusCode, b, status, want)
	}
	if ct := r.Header.Get("Content-Type"); ct != "application/problem+json" {
		t.Errorf("content type %q", ct)
	}
}

func TestMissingChannelIsToldByThePage(t *testing.T) {
	g := start(t)
	for _, method := range []string{"GET", "HEAD"} {
		r := g.call(method, "/live/nowhere/", "", "Accept", "text/html,*/*", "If-None-Match", "*")
		if r.StatusCode != 404 || r.Header.Get("Cache-Control") != noStore || method == "GET" && text(t, r) != "player page" {
			t.Errorf("%s: %d %q", method, r.StatusCode, r.Header)
		}
	}
	wantProblem(t, g.call("GET", "/live/nowhere/", ""), 404, "no channel “nowhere”")
}

func TestConfiguredAnnouncementHoldsUntilAnother(t *testing.T) {
	g := start(t)
	title := func() string {
		s, err := New(t.Context(), Config{
			AdminToken: adminToken, Station: g.house, Archive: g.house, Log: g.cfg.Log,
			Channels: map[string]Channel{"demo": {Desk: g.desk, HostToken: hostToken, Announcement: show.Announcement{Title: "From the file"}}},
		})
		if err != nil {
			t.Fatal(err)
		}
		return s.channels["demo"].announced.Load().Title
	}
	if got := title(); got != "From the file" {
		t.Errorf("title %q", got)
	}
	g.announced = show.Announcement{Title: "From the console"}
	if got := title(); got != "From the console" {
		t.Errorf("title %q", got)
	}
}

func TestPublishNamesTheHostAsked(t *testing.T) {
	g := start(t)
	for _, c := range []struct {
		host string
		port int
		want string
	}{
		{"live.example", 0, "rtmp://live.example:1935/live"},
		{"192.168.1.7:8080", 19350, "rtmp://192.168.1.7:19350/live"},
		{"[2001:db8::7]:8080", 0, "rtmp://[2001:db8::7]:1935/live"},
		{"[2001:db8::7]", 0, "rtmp://[2001:db8::7]:1935/live"},
		{"", 0, "rtmp://localhost:1935/live"},
	} {
		g.cfg.RTMPPort = c.port
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/api/v1/channels/demo", nil)
		r.Host = c.host
		r.Header.Set("Authorization", "Bearer "+adminToken)
		w := httptest.NewRecorder()
		g.ServeHTTP(w, r)
		var got struct{ Publish struct{ RTMP string } }
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || got.Publish.RTMP != c.want {
			t.Errorf("asked at %q: %q, want %q (%v)", c.host, got.Publish.RTMP, c.want, err)
		}
	}
}

func TestOpenAPIDocument(t *testing.T) {
	g := start(t)
	r := g.call("GET", "/api/v1/openapi.json", "")
	got := text(t, r)
	if ct := r.Header.Get("Content-Type"); r.StatusCode != 200 || ct != "application/openapi+json" {
		t.Errorf("status %d, %s", r.StatusCode, ct)
	}
	golden := filepath.Join("testdata", "openapi.json")
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the document changed: see it, then run with -update\n%s", got)
	}
	if y := g.call("GET", "/api/v1/openapi.yaml", ""); y.StatusCode != 200 || !strings.Contains(text(t, y), "openapi: 3.1.0") {
		t.Error("no YAML")
	}
	for _, path := range []string{"/api/v1/docs", "/docs", "/schemas/Product.json"} {
		wantProblem(t, g.call("GET", path, ""), 404, "nothing at this address")
	}
}

func TestChannel(t *testing.T) {
	g := start(t)
	g.status.Ingest = &Ingest{Protocol: "rtmp", Remote: "192.0.2.7:1", Encoder: "OBS", Since: Stamp(noon), Video: &VideoSource{Codec: "h264", Width: 1280, Height: 720, FPS: 30, Bitrate: 2500000, KeyframeInterval: 2}}
	g.status.Transcode = &Transcode{Speed: 1, DelayMS: 7, Rungs: []Rung{{"480p", 854, 480, 1100000}}}
	g.status.Warnings = []Warning{{"keyframes", "Keyframes are 8 s apart."}}
	g.status.Clock = &Clock{"arrival", 50}
	e, err := g.desk.Show(t.Context(), 7, noon)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"channel":"demo","state":"live","title":"","poster":"","starts_at":null,"watch_url":"/live/demo/","publish":{"rtmp":"rtmp://example.com:1935/live"},
		"show":{"id":"s1","started_at":"2026-11-22T12:00:00.123Z"},
		"ingest":{"protocol":"rtmp","remote":"192.0.2.7:1","encoder":"OBS","since":"2026-11-22T12:00:00.123Z",
			"video":{"codec":"h264","width":1280,"height":720,"fps":30,"bitrate":2500000,"keyframe_interval":2},"audio":null},
		"transcode":{"speed":1,"delay_ms":7,"restarts":0,"rungs":[{"name":"480p","width":854,"height":480,"bitrate":1100000}]},
		"warnings":[{"code":"keyframes","text":"Keyframes are 8 s apart."}],"viewers":12,
		"clock":{"source":"arrival","error_ms":50},
		"on":[{"id":"` + e.ID + `","no":7,"since":"2026-11-22T12:00:00.163Z","media_time":86.4}]}`
	wantJSON(t, g.call("GET", "/api/v1/channels/demo", "", asHost()...), 200, want)
	r := g.call("GET", "/api/v1/channels/demo", "", asAdmin()...)
	if c := r.Header.Get("Cache-Control"); c != "no-store" {
		t.Errorf("Cache-Control %q", c)
	}
	wantJSON(t, r, 200, want)

	g.status = Status{State: Off}
	if err := g.desk.EndShow(t.Context(), noon); err != nil {
		t.Fatal(err)
	}
	bare := func(name string) string {
		return `{"channel":"` + name + `","state":"off","title":"","poster":"","starts_at":null,"watch_url":"/live/` + name + `/","publish":{"rtmp":"rtmp://example.com:1935/live"},
			"show":null,"ingest":null,"transcode":null,"warnings":[],"viewers":0,"clock":null,"on":[]}`
	}
	wantJSON(t, g.call("GET", "/api/v1/channels", "", asAdmin()...), 200, "["+bare("demo")+","+bare("other")+"]")
}

func TestAnnounce(t *testing.T) {
	g := start(t)
	r := g.call("PUT", "/api/v1/channels/demo", `{"title":"Evening wigs","poster":"/p.jpg","starts_at":"2026-11-22T20:00:00+01:00"}`, hostPage()...)
	if body := text(t, r); r.StatusCode != 200 || !strings.Contains(body, `"starts_at":"2026-11-22T19:00:00.000Z"`) {
		t.Errorf("%d %s", r.StatusCode, body)
	}
	if g.announced.Title != "Evening wigs" || g.announced.Poster != "/p.jpg" {
		t.Errorf("saved %+v", g.announced)
	}
	if got := text(t, g.call("GET", "/live/demo/status.json", "")); !strings.Contains(got, "Evening wigs") {
		t.Errorf("viewers read %s", got)
	}
	wantProblem(t, g.call("PUT", "/api/v1/channels/demo", `{"poster":"javascript:1"}`, asAdmin()...), 422, "Poster: ")
	wantProblem(t, g.call("PUT", "/api/v1/channels/demo", `{"starts_at":"tomorrow"}`, asAdmin()...), 422, "Starts_at: ")
	g.full = errors.New("the disk of /data is full, free some space")
	wantProblem(t, g.call("PUT", "/api/v1/channels/demo", `{}`, asAdmin()...), 503, "free some space")
	if got := text(t, g.call("GET", "/live/demo/status.json", "")); !strings.Contains(got, "Evening wigs") {
		t.Errorf("not saved, but viewers read %s", got)
	}
	g.full = nil
	r = g.call("PUT", "/api/v1/channels/demo", `{"title":"","poster":"","starts_at":null}`, asAdmin()...)
	if r.StatusCode != 200 || g.announced != (show.Announcement{}) {
		t.Errorf("%d %s, saved %+v", r.StatusCode, text(t, r), g.announced)
	}
}

func TestProducts(t *testing.T) {
	g := start(t)
	one := `{"no":1,"sku":"A","title":"Bob <&>","price":"1","currency":"EUR"}`
	for _, body := range []string{"[" + one + "]", `{"products":[` + one + `]}`} {
		r := g.call("PUT", "/api/v1/channels/demo/products", body, asAdmin()...)
		shelf := `{"version":"` + g.desk.Shelf().Version() + `","products":[` + one + `]}`
		wantJSON(t, r, 200, shelf)
		wantJSON(t, g.call("GET", "/api/v1/channels/demo/products", "", asHost()...), 200, shelf)
		wantJSON(t, g.call("GET", "/live/demo/shelf.json", ""), 200, shelf)
	}
	before := g.desk.Shelf().Version()
	r := g.call("PUT", "/api/v1/channels/demo/products", "{\"products\":[\n"+one+",\n{\"no\":1,\"sku\":\"B\",\"title\":\"\",\"price\":\"1\",\"currency\":\"EUR\"}]}", asAdmin()...)
	wantJSON(t, r, 422, `{"title":"Unprocessable Entity","status":422,
		"detail":"The shelf stays as it was. Line 3: title: is empty: fill it in. And 1 more, see errors.",
		"errors":[{"location":"body.products[1].title","message":"line 3: is empty: fill it in"},
			{"location":"body.products[1].no","message":"line 3: 1 is taken by line 2: give each product its own number"}]}`)
	wantProblem(t, g.call("PUT", "/api/v1/channels/demo/products", "", asAdmin()...), 400, "The body is missing")
	wantProblem(t, g.call("PUT", "/api/v1/channels/demo/products", "[", asAdmin()...), 422, "ends too early")
	wantProblem(t, g.call("PUT", "/api/v1/channels/demo/products", strings.Repeat(" ", maxShelfBody+1), asAdmin()...), 413, "send less")
	g.full = errors.New("the disk is full")
	wantProblem(t, g.call("PUT", "/api/v1/channels/demo/products", "[]", asAdmin()...), 503, "Nothing was changed")
	if after := g.desk.Shelf().Version(); after != before {
		t.Error("a refused shelf was taken over")
	}
}

func TestCues(t *testing.T) {
	g := start(t)
	r := g.call("POST", "/api/v1/channels/demo/cues", `{"type":"show","product":7,"at":"2026-11-22T12:00:01.5+00:00"}`, asAdmin()...)
	id := g.desk.View().On[0].ID
	wantJSON(t, r, 201, `{"id":"`+id+`","type":"show","product":7,"at":"2026-11-22T12:00:01.500Z","media_time":86.4,"late_ms":40,
		"clock":{"source":"arrival","error_ms":50},"on":[{"id":"`+id+`","no":7,"since":"2026-11-22T12:00:01.540Z","media_time":86.4}]}`)
	r = g.call("POST", "/api/v1/channels/demo/cues", `{"type":"hide","product":7,"at":null}`, hostPage()...)
	if body := text(t, r); r.StatusCode != 201 || !strings.Contains(body, `"on":[]`) || !strings.Contains(body, `"at":"2026-11-22T12:00:00.123Z"`) {
		t.Errorf("hide: %d %s", r.StatusCode, body)
	}

	post := func(body string) *http.Response {
		return g.call("POST", "/api/v1/channels/demo/cues", body, asAdmin()...)
	}
	wantProblem(t, post(`{"type":"hide","product":7}`), 409, "not on show")
	wantProblem(t, post(`{"type":"show","product":9}`), 422, "there are 2, from 7 to 8")
	wantProblem(t, post(`{"type":"show","product":0}`), 422, "Product: expected number >= 1")
	wantProblem(t, post(`{"type":"sell","product":7}`), 422, "Type: expected value to be one of")
	wantProblem(t, post(`{"type":"show"}`), 422, "product")
	wantProblem(t, post(`{"type":"show","product":7,"at":"noon"}`), 422, "At: ")
	wantProblem(t, post(`{"type":`), 400, "unexpected end of JSON")
	wantProblem(t, post(``), 400, "The body is missing")
	wantProblem(t, post(strings.Repeat(" ", maxBody+1)), 413, "send less")
	wantProblem(t, g.call("POST", "/api/v1/channels/demo/cues", `{}`, append(asAdmin(), "Content-Type", "text/plain")...), 415, "")

	g.place = show.ErrOutsideWindow
	wantProblem(t, post(`{"type":"show","product":7}`), 422, "leave out at, or set the clock")
	g.place = show.ErrOffAir
	wantProblem(t, post(`{"type":"show","product":7}`), 409, "go live")
	g.place, g.full = nil, errors.New("the disk is full, free some space")
	wantProblem(t, post(`{"type":"show","product":7}`), 500, "do not send it again")
	if n := strings.Count(g.logs.String(), "level=ERROR"); n != 1 {
		t.Errorf("logged %d times:\n%s", n, g.logs.String())
	}
}

func TestCueLog(t *testing.T) {
	g := start(t)
	for _, no := range []int{7, 8, 7} {
		if _, err := g.desk.Show(t.Context(), no, noon); err != nil {
			t.Fatal(err)
		}
	}
	var page struct {
		Show struct{ ID string }
		Cues []struct {
			ID      string
			Product int
			Title   string
		}
		Next string
	}
	get := func(query string) {
		t.Helper()
		page.Next = ""
		r := g.call("GET", "/api/v1/channels/demo/cues"+query, "", asHost()...)
		if body := text(t, r); r.StatusCode != 200 || json.Unmarshal([]byte(body), &page) != nil {
			t.Fatalf("%d %s", r.StatusCode, body)
		}
	}
	get("?limit=2")
	if page.Show.ID != "s1" || len(page.Cues) != 2 || page.Cues[1].Product != 8 || page.Next != page.Cues[1].ID {
		t.Errorf("first page %+v", page)
	}
	get("?limit=2&before=" + page.Next)
	if len(page.Cues) != 1 || page.Cues[0].Product != 7 || page.Next != "" {
		t.Errorf("last page %+v", page)
	}
	wantProblem(t, g.call("GET", "/api/v1/channels/demo/cues?limit=1000", "", asHost()...), 422, "limit")
}

func TestEndShow(t *testing.T) {
	g := start(t)
	if r := g.call("POST", "/api/v1/channels/demo/end", "", hostPage()...); r.StatusCode != 204 || text(t, r) != "" || len(g.ended) != 1 {
		t.Errorf("status %d, ended %v", r.StatusCode, g.ended)
	}
	g.status.State = Ended
	wantProblem(t, g.call("POST", "/api/v1/channels/demo/end", "", asAdmin()...), 409, "off air")
}

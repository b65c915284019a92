package api

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestWhoMayDoWhat(t *testing.T) {
	g := start(t)
	const cues, cue = "/api/v1/channels/demo/cues", `{"type":"show","product":7}`
	from := func(origin string) []string { return asHost("Origin", origin) }
	for name, c := range map[string]struct {
		method, target, body string
		headers              []string
		status               int
		detail               string
	}{
		"nobody":                          {"GET", "/api/v1/channels/demo", "", nil, 401, "Authorization: Bearer"},
		"nobody, unknown channel":         {"GET", "/api/v1/channels/nowhere", "", nil, 401, "Who is this?"},
		"wrong admin token":               {"GET", "/api/v1/channels/demo", "", []string{"Authorization", "Bearer guess"}, 401, "admin token is wrong"},
		"admin token by another scheme":   {"GET", "/api/v1/channels/demo", "", []string{"Authorization", "Basic " + adminToken}, 401, "admin token is wrong"},
		"wrong admin token with a cookie": {"GET", "/api/v1/channels/demo", "", asHost("Authorization", "Bearer x"), 401, "admin token is wrong"},
		"host token as a bearer":          {"GET", "/api/v1/channels/demo", "", []string{"Authorization", "Bearer " + hostToken}, 401, "admin token is wrong"},
		"host token as the cookie":        {"GET", "/api/v1/channels/demo", "", []string{"Cookie", cookiePrefix + "demo=" + hostToken}, 401, "Who is this?"},
		"admin":                           {"GET", "/api/v1/channels/demo", "", asAdmin(), 200, ""},
		"admin, lower case scheme":        {"GET", "/api/v1/channels/demo", "", []string{"Authorization", "bearer " + adminToken}, 200, ""},
		"admin, unknown channel":          {"GET", "/api/v1/channels/nowhere", "", asAdmin(), 404, "no channel “nowhere”"},
		"host":                            {"GET", "/api/v1/channels/demo", "", asHost(), 200, ""},
		"host in another channel":         {"GET", "/api/v1/channels/other", "", asHost(), 403, "its own channel only"},
		"host in an unknown channel":      {"GET", "/api/v1/channels/nowhere", "", asHost(), 403, "its own channel only"},
		"host's cookie renamed":           {"GET", "/api/v1/channels/other", "", []string{"Cookie", cookiePrefix + "other=" + cookieValue("demo", hostToken)}, 401, "Who is this?"},
		"host lists all channels":         {"GET", "/api/v1/channels", "", asHost(), 403, "own channel only"},
		"host replaces the shelf":         {"PUT", "/api/v1/channels/demo/products", "[]", hostPage(), 403, "send the admin token"},
		"host's page":                     {"POST", cues, cue, hostPage(), 201, ""},
		"host's page, older browser":      {"POST", cues, cue, from("http://example.com"), 201, ""},
		"host's page behind a proxy":      {"POST", cues, cue, from("https://example.com"), 201, ""},
		"host, nothing said of the site":  {"POST", cues, cue, asHost(), 403, "another site"},
		"host, another site":              {"POST", cues, cue, asHost("Sec-Fetch-Site", "cross-site"), 403, "another site"},
		"host, a sister site":             {"POST", cues, cue, asHost("Sec-Fetch-Site", "same-site", "Origin", "http://example.com"), 403, "another site"},
		"host, another origin":            {"POST", cues, cue, from("http://evil.example"), 403, "another site"},
		"host, another port":              {"POST", cues, cue, from("http://example.com:81"), 403, "another site"},
		"host, origin unknown":            {"POST", cues, cue, from("null"), 403, "another site"},
		"admin from a page elsewhere":     {"POST", cues, cue, append(asAdmin(), "Origin", "http://shop.example"), 201, ""},
		"no such address":                 {"GET", "/api/v1/nothing", "", asAdmin(), 404, "nothing at this address"},
		"no such page":                    {"GET", "/", "", nil, 404, "nothing at this address"},
		"wrong method":                    {"DELETE", "/api/v1/channels/demo", "", asAdmin(), 405, "DELETE is not for this address: use GET, HEAD, PUT"},
		"wrong method on a console":       {"PUT", "/console/demo", "", nil, 405, "use GET, HEAD, POST"},
	} {
		t.Run(name, func(t *testing.T) {
			r := g.call(c.method, c.target, c.body, c.headers...)
			if c.status < 300 {
				if r.StatusCode != c.status {
					t.Errorf("status %d, want %d: %s", r.StatusCode, c.status, text(t, r))
				}
				return
			}
			wantProblem(t, r, c.status, c.detail)
			if challenge := r.Header.Get("WWW-Authenticate"); (c.status == 401) != (challenge != "") {
				t.Errorf("WWW-Authenticate %q", challenge)
			}
			if c.status == 405 && r.Header.Get("Allow") == "" {
				t.Error("405 without Allow")
			}
		})
	}
}

func TestConsoleExchangesTokenForCookie(t *testing.T) {
	g := start(t)
	for name, r := range map[string]*http.Response{
		"link": g.call("GET", "/console/demo?token="+hostToken, ""),
		"form": g.call("POST", "/console/demo", "token="+hostToken, "Content-Type", "application/x-www-form-urlencoded", "Origin", "null"),
	} {
		if r.StatusCode != 303 || r.Header.Get("Location") != "/console/demo" {
			t.Fatalf("%s: status %d to %q", name, r.StatusCode, r.Header.Get("Location"))
		}
		k := r.Cookies()[0]
		if !k.HttpOnly || k.Secure || k.SameSite != http.SameSiteLaxMode || k.Path != "/" || strings.Contains(k.Value, hostToken) {
			t.Errorf("%s: cookie %v", name, k)
		}
		wantSafe(t, r)
		page := g.call("GET", "/console/demo", "", "Cookie", k.Name+"="+k.Value)
		if body := text(t, page); page.StatusCode != 200 || body != "console page" {
			t.Errorf("%s: status %d, %s", name, page.StatusCode, body)
		}
		wantSafe(t, page)
	}
	secure := g.call("GET", "/console/demo?token="+hostToken, "", "X-Forwarded-Proto", "https").Cookies()[0]
	if !secure.Secure {
		t.Error("under TLS the cookie is not Secure")
	}
}

func TestConsoleAsksForTheToken(t *testing.T) {
	g := start(t)
	for name, c := range map[string]struct {
		r      *http.Response
		status int
		says   string
	}{
		"no cookie":               {g.call("GET", "/console/demo", ""), 401, `<form method="post" action="/console/demo">`},
		"another's cookie":        {g.call("GET", "/console/other", "", asHost()...), 401, "<form"},
		"wrong token":             {g.call("GET", "/console/demo?token=guess", ""), 403, "does not open this console"},
		"empty token":             {g.call("GET", "/console/demo?token=", ""), 403, "does not open this console"},
		"another's token":         {g.call("GET", "/console/other?token="+hostToken, ""), 403, "does not open this console"},
		"wrong token, form":       {g.call("POST", "/console/demo", "token=x", "Content-Type", "application/x-www-form-urlencoded"), 403, "does not open"},
		"token in the form's URL": {g.call("POST", "/console/demo?token="+hostToken, "", "Content-Type", "application/x-www-form-urlencoded"), 403, "does not open"},
		"form too large":          {g.call("POST", "/console/demo", "token="+strings.Repeat("x", maxForm), "Content-Type", "application/x-www-form-urlencoded"), 400, "could not be read"},
	} {
		body := text(t, c.r)
		if c.r.StatusCode != c.status || !strings.Contains(body, c.says) || len(c.r.Cookies()) != 0 {
			t.Errorf("%s: status %d, cookies %v, %s", name, c.r.StatusCode, c.r.Cookies(), body)
		}
		wantSafe(t, c.r)
	}
	wantProblem(t, g.call("GET", "/console/nowhere", ""), 404, "no channel “nowhere”")
	if r := g.call("GET", "/console/demo/?token=x", ""); r.StatusCode != 308 || r.Header.Get("Location") != "/console/demo?token=x" {
		t.Errorf("trailing slash: %d %s", r.StatusCode, r.Header.Get("Location"))
	}
	if strings.Contains(g.logs.String(), hostToken) || strings.Contains(g.logs.String(), "guess") {
		t.Error("a token is in the log")
	}
}

// wantSafe checks the headers of all that is under /console/.
func wantSafe(t *testing.T, r *http.Response) {
	t.Helper()
	for name, want := range map[string]string{
		"Content-Security-Policy": "frame-ancestors 'none'",
		"Referrer-Policy":         "no-referrer",
		"Cache-Control":           "no-store",
		"X-Content-Type-Options":  "nosniff",
	} {
		if got := r.Header.Get(name); !strings.Contains(got, want) {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

func TestGuessingIsLimited(t *testing.T) {
	g := start(t)
	for range loginTries {
		if r := g.call("GET", "/console/demo?token=guess", ""); r.StatusCode != 403 {
			t.Fatalf("status %d", r.StatusCode)
		}
	}
	r := g.call("GET", "/console/demo?token="+hostToken, "")
	if r.StatusCode != 429 || r.Header.Get("Retry-After") != "60" || !strings.Contains(text(t, r), "Try again in 60 s") {
		t.Errorf("status %d, Retry-After %q", r.StatusCode, r.Header.Get("Retry-After"))
	}
	wantSafe(t, r)
	if r := g.call("GET", "/console/demo", "", asHost()...); r.StatusCode != 200 {
		t.Errorf("who is in already: %d", r.StatusCode)
	}
	g.now = g.now.Add(loginWindow)
	if r := g.call("GET", "/console/demo?token="+hostToken, ""); r.StatusCode != 303 {
		t.Errorf("after the window: %d", r.StatusCode)
	}
}

func TestLimiterIsBounded(t *testing.T) {
	now := noon
	l := newLimiter(func() time.Time { return now })
	addr := func(i int) netip.Prefix {
		return addressOf(&http.Request{RemoteAddr: fmt.Sprintf("10.%d.%d.%d:99", i>>16, i>>8&255, i&255)})
	}
	for i := range loginAddrs + 100 {
		now = now.Add(time.Millisecond)
		for range loginTries {
			l.wrong(addr(i))
		}
	}
	if len(l.tries) != loginAddrs {
		t.Errorf("%d addresses are remembered", len(l.tries))
	}
	if l.wait(addr(0)) != 0 || l.wait(addr(loginAddrs+99)) == 0 {
		t.Error("the latest was forgotten before the oldest")
	}
	now = now.Add(loginWindow)
	l.wrong(addr(1 << 20))
	if len(l.tries) != 1 {
		t.Errorf("%d addresses are remembered when all windows are over", len(l.tries))
	}
	a := addressOf(&http.Request{RemoteAddr: "[2001:db8::1%eth0]:99"})
	if b := addressOf(&http.Request{RemoteAddr: "[2001:db8::ffff:1]:7"}); a != b {
		t.Errorf("one network, two guessers: %v and %v", a, b)
	}
	if a, b := addressOf(&http.Request{RemoteAddr: "[::ffff:10.0.0.1]:9"}), addressOf(&http.Request{RemoteAddr: "10.0.0.1:8"}); a != b {
		t.Errorf("one host, two guessers: %v and %v", a, b)
	}
}

func TestPublicAnswers(t *testing.T) {
	g := start(t)
	wantJSON(t, g.call("GET", "/live/demo/status.json", ""), 200,
		`{"channel":"demo","state":"live","title":"","poster":"","starts_at":null,"show":"s1","playlist":"/live/demo/index.m3u8"}`)
	g.status.State = Off
	wantJSON(t, g.call("GET", "/live/other/status.json", ""), 200,
		`{"channel":"other","state":"off","title":"","poster":"","starts_at":null,"show":null,"playlist":"/live/other/index.m3u8"}`)
	for target, want := range map[string]string{"/live/demo/": "player page", "/live/demo/index.m3u8": "stream", "/live/demo/720p/7/1.m4s": "stream", "/web/a.js": "asset"} {
		if r := g.call("GET", target, ""); r.StatusCode != 200 || text(t, r) != want {
			t.Errorf("%s: %d, want %s", target, r.StatusCode, want)
		}
	}
	wantProblem(t, g.call("GET", "/live/nowhere/", ""), 404, "no channel")
	if r := g.call("GET", "/live/demo", ""); r.StatusCode/100 != 3 || r.Header.Get("Location") != "/live/demo/" {
		t.Errorf("/live/demo: %d to %q", r.StatusCode, r.Header.Get("Location"))
	}
	for _, path := range []string{"/live/demo/status.json", "/live/demo/shelf.json"} {
		r := g.call("GET", path, "")
		etag := r.Header.Get("ETag")
		if !strings.HasPrefix(etag, `"`) || !strings.Contains(r.Header.Get("Cache-Control"), "max-age=") || r.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s: %v", path, r.Header)
		}
		again := g.call("GET", path, "", "If-None-Match", etag)
		if again.StatusCode != 304 || text(t, again) != "" {
			t.Errorf("%s again: %d", path, again.StatusCode)
		}
		wantOpen(t, again)
		if head := g.call("HEAD", path, ""); head.StatusCode != 200 || text(t, head) != "" {
			t.Errorf("HEAD %s: %d", path, head.StatusCode)
		}
		other := g.call("POST", path, "")
		wantProblem(t, other, 405, "use GET")
		wantOpen(t, other)
	}
}

func TestEverySiteMayReadPublicAnswers(t *testing.T) {
	g := start(t)
	for _, target := range []string{
		"/live/demo/status.json", "/live/demo/shelf.json", "/live/nowhere/status.json", "/live/nowhere/shelf.json",
		"/live/demo/", "/live/nowhere/", "/live/", "/web/a.js",
	} {
		wantOpen(t, g.call("GET", target, ""))
		preflight := g.call("OPTIONS", target, "", "Origin", "https://shop.example", "Access-Control-Request-Method", "GET", "Access-Control-Request-Headers", "if-none-match")
		wantOpen(t, preflight)
		if preflight.StatusCode != 204 || !strings.Contains(preflight.Header.Get("Access-Control-Allow-Methods"), "GET") || preflight.Header.Get("Access-Control-Allow-Headers") == "" {
			t.Errorf("preflight of %s: %d %v", target, preflight.StatusCode, preflight.Header)
		}
	}
	for _, target := range []string{"/api/v1/channels/demo", "/console/demo"} {
		if allow := g.call("GET", target, "", asHost()...).Header.Get("Access-Control-Allow-Origin"); allow != "" {
			t.Errorf("%s is open to %s", target, allow)
		}
	}
}

func wantOpen(t *testing.T, r *http.Response) {
	t.Helper()
	if allow := r.Header.Get("Access-Control-Allow-Origin"); allow != "*" {
		t.Errorf("status %d is open to %q only", r.StatusCode, allow)
	}
}

// A real client over TLS: link, cookie, page, cues at once.
func TestOverTLS(t *testing.T) {
	g := start(t)
	server := httptest.NewTLSServer(g.Server)
	defer server.Close()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := server.Client()
	client.Jar = jar
	defer client.CloseIdleConnections()
	r, err := client.Get(server.URL + "/console/demo?token=" + hostToken)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if body := text(t, r); body != "console page" || r.Request.URL.RawQuery != "" || r.TLS == (*tls.ConnectionState)(nil) {
		t.Errorf("%s gave %s", r.Request.URL, body)
	}
	at, err := url.Parse(server.URL)
	if err != nil || len(jar.Cookies(at)) != 1 {
		t.Fatalf("cookies %v, %v", jar.Cookies(at), err)
	}
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			req, err := http.NewRequestWithContext(t.Context(), "POST", server.URL+"/api/v1/channels/demo/cues", strings.NewReader(fmt.Sprintf(`{"type":"show","product":%d}`, 7+i%2)))
			if err != nil {
				t.Error(err)
				return
			}
			req.Header.Set("Origin", server.URL)
			req.Header.Set("Content-Type", "application/json")
			r, err := client.Do(req)
			if err != nil {
				t.Error(err)
				return
			}
			defer r.Body.Close()
			if r.StatusCode != 201 {
				t.Errorf("status %d", r.StatusCode)
			}
		})
	}
	wg.Wait()
	if n := len(g.entries); n != 21 { // and the start of the show
		t.Errorf("%d entries in the log", n)
	}
}

func TestConfigIsValidated(t *testing.T) {
	g := start(t)
	for name, change := range map[string]func(*Config){
		"no admin token": func(c *Config) { c.AdminToken = "" },
		"no station":     func(c *Config) { c.Station = nil },
		"no host token":  func(c *Config) { c.Channels = map[string]Channel{"demo": {Desk: g.desk}} },
		"a name for another path": func(c *Config) {
			c.Channels = map[string]Channel{"a/b": {Desk: g.desk, HostToken: hostToken}}
		},
	} {
		c := g.cfg
		change(&c)
		if _, err := New(t.Context(), c); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

package node_test

import (
	"crypto/tls"
	"net/http"
	"testing"

	"vitrine/internal/node"
)

// TestHTTPSAndHTTP2: a self-signed certificate, made once and kept.
func TestHTTPSAndHTTP2(t *testing.T) {
	data := t.TempDir()
	var serials []string
	for range 2 {
		s := startWith(t, node.Config{Data: data, TLS: &node.TLS{SelfSigned: true}, Channels: map[string]node.Channel{"demo": {}}})
		transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, ForceAttemptHTTP2: true}
		client := &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
		ask := func(path string) *http.Response {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+s.HTTPAddr+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := client.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			return resp
		}
		resp := ask("/live/demo/index.m3u8")
		if resp.ProtoMajor != 2 || resp.StatusCode != http.StatusNotFound || resp.Header.Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("%s %s %v", resp.Proto, resp.Status, resp.Header)
		}
		serials = append(serials, resp.TLS.PeerCertificates[0].SerialNumber.String())
		door := ask("/console/demo?token=" + s.Channels[0].HostToken)
		if c := door.Cookies(); door.StatusCode != http.StatusSeeOther || len(c) != 1 || !c[0].Secure || !c[0].HttpOnly || c[0].Value == s.Channels[0].HostToken {
			t.Errorf("the console's door: %s, %v", door.Status, c)
		}
		transport.CloseIdleConnections()
		s.stop()
	}
	if serials[0] != serials[1] {
		t.Error("another certificate after a restart: browsers would ask again")
	}
}

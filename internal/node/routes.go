package node

import (
	"fmt"
	"net/http"

	"vitrine/edge"
)

// routes lays out what the node serves.
func (n *Node) routes() (http.Handler, error) {
	mux := http.NewServeMux()
	mux.Handle(edge.Prefix, &edge.Handler{Source: n, Audience: n.audience, Log: n.log})
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	return mux, nil
}

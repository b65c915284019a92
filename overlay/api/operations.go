package api

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"vitrine/overlay/catalogue"
)

const (
	root         = "/api/v1"
	version      = "1.0.0"
	maxBody      = 16 << 10 // bytes of a request, products apart
	maxShelfBody = catalogue.MaxFile

	shelfPatience = time.Minute // to receive a shelf; huma's 5 s for the rest
)

func sortedNames(channels map[string]Channel) []string {
	return slices.Sorted(maps.Keys(channels))
}

// operations registers all of /api/v1 and renders its OpenAPI document.
func (s *Server) operations() error {
	cfg := huma.DefaultConfig("Vitrine", version)
	cfg.Info.Description = "Live shopping: what is on show, what is for sale, and how the stream does."
	cfg.OpenAPIPath, cfg.DocsPath, cfg.SchemasPath = "", "", "" // rendered once, below
	cfg.CreateHooks = nil                                       // no $schema in answers
	cfg.Transformers = []huma.Transformer{humane}
	cfg.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"admin": {Type: "http", Scheme: "bearer", Description: "The admin token: opens everything."},
		"host":  {Type: "apiKey", In: "cookie", Name: cookiePrefix + "CHANNEL", Description: "Given by /console/CHANNEL in exchange for the host token: opens that channel. Unsafe methods need a same-origin Origin or Sec-Fetch-Site."},
	}
	api := humago.New(s.mux, cfg)
	register(s, api, op{"list-channels", http.MethodGet, "/channels", "All channels", adminOnly, nil}, s.listChannels)
	register(s, api, op{"get-channel", http.MethodGet, "/channels/{channel}", "A channel: state, health, what is on show", hostToo, nil}, s.getChannel)
	register(s, api, op{"announce", http.MethodPut, "/channels/{channel}", "Replace what the page says off air", hostToo, nil}, s.announce)
	register(s, api, op{"get-products", http.MethodGet, "/channels/{channel}/products", "The shelf", hostToo, nil}, s.getProducts)
	register(s, api, op{"put-products", http.MethodPut, "/channels/{channel}/products", "Replace the shelf, whole or not at all", adminOnly, readByUs}, s.putProducts)
	register(s, api, op{"post-cue", http.MethodPost, "/channels/{channel}/cues", "Put a product on show, or hide it", hostToo, created}, s.postCue)
	register(s, api, op{"list-cues", http.MethodGet, "/channels/{channel}/cues", "The cue log of a show, newest first", hostToo, nil}, s.listCues)
	register(s, api, op{"end-show", http.MethodPost, "/channels/{channel}/end", "End the show", hostToo, nil}, s.endShow)
	documentShelf(api)
	return s.serveDocument(api)
}

// op is one row of the table above.
type op struct {
	id, method, path, summary string
	who                       entrant
	adjust                    func(huma.API, *huma.Operation)
}

func register[I, O any](s *Server, api huma.API, o op, do func(context.Context, *I) (*O, error)) {
	h := huma.Operation{
		OperationID: o.id, Method: o.method, Path: root + o.path, Summary: o.summary,
		Security: o.who.security(), Middlewares: huma.Middlewares{s.guard(o.who)},
		MaxBodyBytes: maxBody,
	}
	if o.adjust != nil {
		o.adjust(api, &h)
	}
	huma.Register(api, h, do)
}

func created(_ huma.API, h *huma.Operation) { h.DefaultStatus = http.StatusCreated }

// serveDocument renders the OpenAPI document, once.
func (s *Server) serveDocument(api huma.API) error {
	asJSON, err := json.MarshalIndent(api.OpenAPI(), "", "  ")
	if err != nil {
		return fmt.Errorf("render the OpenAPI document: %w", err)
	}
	asYAML, err := api.OpenAPI().YAML()
	if err != nil {
		return fmt.Errorf("render the OpenAPI document: %w", err)
	}
	s.mux.Handle("GET "+root+"/openapi.json", fixed("application/openapi+json", append(asJSON, '\n')))
	s.mux.Handle("GET "+root+"/openapi.yaml", fixed("application/openapi+yaml", asYAML))
	return nil
}

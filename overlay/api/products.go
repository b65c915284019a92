package api

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"vitrine/overlay/catalogue"
)

type shelfView struct {
	Version  string              `json:"version" doc:"Changes with the content"`
	Products []catalogue.Product `json:"products" nullable:"false"`
}

type shelfOutput struct {
	Body shelfView
}

func (s *Server) getProducts(_ context.Context, in *ChannelPath) (*shelfOutput, error) {
	return viewShelf(s.channels[in.Channel].desk.Shelf()), nil
}

func viewShelf(shelf *catalogue.Shelf) *shelfOutput {
	return &shelfOutput{shelfView{shelf.Version(), shelf.Products()}}
}

// shelfInput is read by the catalogue's own reader, which tells of every bad
// row and its line.
type shelfInput struct {
	ChannelPath
	RawBody []byte `contentType:"application/json"`
}

func readByUs(_ huma.API, h *huma.Operation) {
	h.MaxBodyBytes, h.BodyReadTimeout, h.SkipValidateBody = maxShelfBody, shelfPatience, true
}

// documentShelf puts into the OpenAPI document what that reader takes, of which
// huma knows only that it is bytes.
func documentShelf(api huma.API) {
	doc := api.OpenAPI()
	product := doc.Components.Schemas.Schema(reflect.TypeFor[catalogue.Product](), true, "Product")
	list := &schema{Type: huma.TypeArray, Items: product}
	object := &schema{Type: huma.TypeObject, Required: []string{"products"}, Properties: map[string]*schema{"products": list}}
	put := doc.Paths[root+"/channels/{channel}/products"].Put
	put.RequestBody.Content["application/json"].Schema = &schema{OneOf: []*schema{list, object}}
}

func (s *Server) putProducts(ctx context.Context, in *shelfInput) (*shelfOutput, error) {
	c := s.channels[in.Channel]
	shelf, err := catalogue.ReadJSON("", bytes.NewReader(in.RawBody))
	if err != nil {
		return nil, s.rejected(c, in.RawBody, err)
	}
	c.edits.Lock()
	defer c.edits.Unlock()
	if err := s.cfg.Archive.SaveShelf(ctx, c.name, shelf); err != nil {
		return nil, s.fail(c, "save the shelf", err)
	}
	c.desk.Stock(shelf)
	return viewShelf(shelf), nil
}

// rejected tells of every bad row.
func (s *Server) rejected(c *channel, body []byte, err error) error {
	var r *catalogue.Rejected
	if !errors.As(err, &r) {
		return s.fail(c, "read products", err)
	}
	list := "body"
	if bytes.HasPrefix(bytes.TrimLeft(body, "\ufeff \t\r\n"), []byte("{")) {
		list = "body.products"
	}
	var errs []error
	for _, row := range r.Rows {
		place := "body"
		if row.Index >= 0 {
			place = strings.TrimSuffix(fmt.Sprintf("%s[%d].%s", list, row.Index, row.Field), ".")
		}
		errs = append(errs, at(place, fmt.Sprintf("line %d: %s", row.Line, row.Reason)))
	}
	detail := fmt.Sprintf("The shelf stays as it was. %s", sentence(r.Rows[0].Error()))
	if more := len(r.Rows) - 1 + r.More; more > 0 {
		detail += fmt.Sprintf(" And %d more, see errors.", more)
	}
	return problem(http.StatusUnprocessableEntity, detail, errs...)
}

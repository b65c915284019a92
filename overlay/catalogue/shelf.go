package catalogue

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
)

// versionBytes is how much of the content's hash names a version.
const versionBytes = 8

// Shelf is a channel's numbered products at one moment. It is immutable; two
// Shelves with the same products have the same version. The zero Shelf is not
// valid, [NewShelf] without products is an empty one.
type Shelf struct {
	version  string
	products []Product // by number, ascending
	json     []byte
}

// NewShelf returns the Shelf of products, in any order. The error is a
// [*Rejected] whose rows have no line.
func NewShelf(products []Product) (*Shelf, error) {
	in := newIntake("")
	for _, p := range products {
		in.add(0, p)
	}
	return in.shelf()
}

// shelve makes a Shelf of valid products, which it takes over.
func shelve(products []Product) (*Shelf, error) {
	slices.SortFunc(products, func(a, b Product) int { return cmp.Compare(a.No, b.No) })
	if products == nil {
		products = []Product{}
	}
	list, err := encode(products)
	if err != nil {
		return nil, fmt.Errorf("encode shelf: %w", err)
	}
	sum := sha256.Sum256(list)
	s := &Shelf{version: hex.EncodeToString(sum[:versionBytes]), products: products}
	s.json, err = encode(struct {
		Version  string          `json:"version"`
		Products json.RawMessage `json:"products"`
	}{s.version, list})
	if err != nil {
		return nil, fmt.Errorf("encode shelf: %w", err)
	}
	return s, nil
}

// encode is json.Marshal without the escapes that only HTML needs.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// Version names the content: equal versions, equal products.
func (s *Shelf) Version() string { return s.version }

// Len returns how many products are on the shelf.
func (s *Shelf) Len() int { return len(s.products) }

// Products returns the products by ascending number.
func (s *Shelf) Products() []Product { return slices.Clone(s.products) }

// Product returns the product with that number.
func (s *Shelf) Product(no int) (Product, bool) {
	i, ok := slices.BinarySearchFunc(s.products, no, func(p Product, no int) int { return cmp.Compare(p.No, no) })
	if !ok {
		return Product{}, false
	}
	return s.products[i], true
}

// MarshalJSON returns {"version":…,"products":[…]}, which [ReadJSON] reads.
func (s *Shelf) MarshalJSON() ([]byte, error) { return slices.Clone(s.json), nil }

package catalogue

import (
	"strings"
	"testing"
)

func wig(no int) Product {
	return Product{No: no, SKU: "WIG-7", Title: "Auburn wave", Price: "29.90", Currency: "USD", Image: "https://shop.example/7.jpg", URL: "/wigs/7"}
}

func TestProductValidate(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Product)
		want   string // a part of the error; empty if valid
	}{
		"whole":                         {func(*Product) {}, ""},
		"without links":                 {func(p *Product) { p.Image, p.URL = "", "" }, ""},
		"whole price":                   {func(p *Product) { p.Price = "30" }, ""},
		"number zero":                   {func(p *Product) { p.No = 0 }, "no: 0 is not a shelf number"},
		"number too high":               {func(p *Product) { p.No = 10000 }, "no: 10000"},
		"no sku":                        {func(p *Product) { p.SKU = "" }, "sku: is empty"},
		"long sku":                      {func(p *Product) { p.SKU = strings.Repeat("é", 33) }, "sku: has 66 bytes"},
		"blank title":                   {func(p *Product) { p.Title = "  " }, "title: is empty"},
		"title of 200 characters":       {func(p *Product) { p.Title = strings.Repeat("é", 200) }, ""},
		"title of 201 characters":       {func(p *Product) { p.Title = strings.Repeat("é", 201) }, "title: has 201 characters"},
		"title with an emoji family":    {func(p *Product) { p.Title = "Wig 👩‍👧" }, ""},
		"title with a bell":             {func(p *Product) { p.Title = "a\ab" }, "control character"},
		"title that turns text round":   {func(p *Product) { p.Title = "a\u202eb" }, "control character"},
		"price with a currency sign":    {func(p *Product) { p.Price = "$29.90" }, "price: \"$29.90\" is not a price"},
		"negative price":                {func(p *Product) { p.Price = "-1" }, "price:"},
		"price in exponents":            {func(p *Product) { p.Price = "1e3" }, "price:"},
		"empty price":                   {func(p *Product) { p.Price = "" }, "price: is empty"},
		"currency sign for currency":    {func(p *Product) { p.Currency = "€" }, "currency:"},
		"script for a link":             {func(p *Product) { p.URL = "javascript:alert(1)" }, "url:"},
		"data for an image":             {func(p *Product) { p.Image = "data:image/png;base64,AA" }, "image:"},
		"link to another site by //":    {func(p *Product) { p.URL = "//evil.example/7" }, "url:"},
		"link to another site by /\\":   {func(p *Product) { p.URL = `/\evil.example` }, "url:"},
		"link to another site by a tab": {func(p *Product) { p.URL = "/\t/evil.example" }, "url:"},
		"link with a user name":         {func(p *Product) { p.URL = "https://shop@evil.example/" }, "user name"},
		"link without a host":           {func(p *Product) { p.URL = "https:///7" }, "url:"},
		"relative link":                 {func(p *Product) { p.URL = "wigs/7" }, "url:"},
		"long link":                     {func(p *Product) { p.URL = "/" + strings.Repeat("a", MaxLink) }, "url: has 2001 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			p := wig(7)
			c.change(&p)
			err := p.Validate()
			switch {
			case c.want == "" && err != nil:
				t.Errorf("refused: %v", err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestShelf(t *testing.T) {
	a, err := NewShelf([]Product{wig(9), wig(2)})
	if err != nil {
		t.Fatal(err)
	}
	b, err := NewShelf([]Product{wig(2), wig(9)})
	if err != nil {
		t.Fatal(err)
	}
	if a.Version() != b.Version() {
		t.Error("the order of rows changed the version")
	}
	if p, ok := a.Product(9); !ok || p != wig(9) {
		t.Errorf("Product(9) = %v, %v", p, ok)
	}
	if _, ok := a.Product(3); ok {
		t.Error("Product(3) found")
	}
	a.Products()[0].Title = "changed"
	if p, _ := a.Product(2); p.Title != "Auburn wave" {
		t.Error("a caller changed the shelf")
	}
	c, err := NewShelf([]Product{wig(2)})
	if err != nil || c.Version() == a.Version() {
		t.Errorf("other products have the same version (%v)", err)
	}
	if _, err := NewShelf([]Product{wig(2), wig(2)}); err == nil || !strings.Contains(err.Error(), "product 2 of the list: no: 2 is taken by product 1 of the list") {
		t.Errorf("the same number twice: %v", err)
	}
	empty, err := NewShelf(nil)
	if err != nil {
		t.Fatal(err)
	}
	if j, _ := empty.MarshalJSON(); !strings.Contains(string(j), `"products":[]`) {
		t.Errorf("empty shelf is %s", j)
	}
}

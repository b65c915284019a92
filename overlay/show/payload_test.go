package show

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"vitrine/internal/media"
	"vitrine/overlay/catalogue"
)

const someID = "01JD0000000000000000000000"

func TestShowPayloadLosesOptionalFieldsFirst(t *testing.T) {
	whole := product(7)
	whole.Image, whole.URL = "https://shop.example/7.jpg", "https://shop.example/7"
	for name, c := range map[string]struct {
		change func(*catalogue.Product)
		want   func(catalogue.Product) catalogue.Product
	}{
		"fits": {func(*catalogue.Product) {}, func(p catalogue.Product) catalogue.Product { return p }},
		"long image": {
			func(p *catalogue.Product) { p.Image += strings.Repeat("a", 900) },
			func(p catalogue.Product) catalogue.Product { p.Image = ""; return p },
		},
		"long url takes the image with it": {
			func(p *catalogue.Product) { p.URL += strings.Repeat("a", 900) },
			func(p catalogue.Product) catalogue.Product { p.Image, p.URL = "", ""; return p },
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := whole
			c.change(&p)
			b, err := showPayload(someID, noon, p)
			if err != nil {
				t.Fatal(err)
			}
			var got struct{ Product catalogue.Product }
			if err := json.Unmarshal(b, &got); err != nil {
				t.Fatal(err)
			}
			if want := c.want(p); got.Product != want {
				t.Errorf("got %+v", got.Product)
			}
		})
	}
}

func TestShowPayloadCutsALongTitleBetweenRunes(t *testing.T) {
	p := product(7)
	p.Title = strings.Repeat("𝄞", catalogue.MaxTitle)
	p.SKU = strings.Repeat("&", catalogue.MaxSKU)
	b, err := showPayload(someID, noon, p)
	if err != nil {
		t.Fatal(err)
	}
	var got struct{ Product catalogue.Product }
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	title, cut := strings.CutSuffix(got.Product.Title, ellipsis)
	if !cut || !strings.HasPrefix(p.Title, title) || len(b) > media.MaxCuePayload || len(b) < media.MaxCuePayload-4 {
		t.Errorf("%d bytes, title %q", len(b), got.Product.Title)
	}
}

// Whatever is on a shelf fits a cue, as valid JSON, with number, sku and price.
func TestEveryProductFitsACue(t *testing.T) {
	text := func(most int) *rapid.Generator[string] { return rapid.StringN(1, most, -1) }
	rapid.Check(t, func(t *rapid.T) {
		p := catalogue.Product{
			No:       rapid.IntRange(catalogue.MinNo, catalogue.MaxNo).Draw(t, "no"),
			SKU:      rapid.StringN(1, -1, catalogue.MaxSKU).Draw(t, "sku"),
			Title:    text(catalogue.MaxTitle).Draw(t, "title"),
			Price:    "999999999.999",
			Currency: "USD",
			Image:    "/" + strings.Repeat("a", rapid.IntRange(0, 1500).Draw(t, "image")),
			URL:      "/" + strings.Repeat("a", rapid.IntRange(0, 1500).Draw(t, "url")),
		}
		if p.Validate() != nil {
			p.SKU, p.Title = "X", strings.Repeat(`"`, catalogue.MaxTitle)
		}
		b, err := showPayload(someID, noon, p)
		if err != nil || len(b) > media.MaxCuePayload || !utf8.Valid(b) {
			t.Fatalf("%d bytes, %v", len(b), err)
		}
		var got struct{ Product catalogue.Product }
		if err := json.Unmarshal(b, &got); err != nil {
			t.Fatal(err)
		}
		if g := got.Product; g.No != p.No || g.SKU != p.SKU || g.Price != p.Price || g.Currency != p.Currency || g.Title == "" {
			t.Fatalf("%+v became %+v", p, g)
		}
		on := []Item{{someID, p, noon, 0}, {someID, p, noon, 0}, {someID, p, noon, 0}}
		if b, err := stateOf(on); err != nil || len(b) > media.MaxCuePayload {
			t.Fatalf("state of %d bytes, %v", len(b), err)
		}
	})
}

func TestAnnouncementValidate(t *testing.T) {
	for name, c := range map[string]struct {
		a    Announcement
		want string
	}{
		"empty":         {Announcement{}, ""},
		"whole":         {Announcement{"Evening wigs", "/posters/1.jpg", noon}, ""},
		"long title":    {Announcement{Title: strings.Repeat("é", 201)}, "title: has 201 characters"},
		"control":       {Announcement{Title: "a\nb"}, "title: holds a control character"},
		"hostile image": {Announcement{Poster: "javascript:1"}, "poster:"},
	} {
		err := c.a.Validate()
		if (err == nil) != (c.want == "") || err != nil && !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

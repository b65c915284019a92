package catalogue

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

const head = "no,sku,title,price,currency,image,url\n"

func TestReadCSV(t *testing.T) {
	want := wig(7)
	for name, text := range map[string]string{
		"plain":              head + "7,WIG-7,Auburn wave,29.90,USD,https://shop.example/7.jpg,/wigs/7\n",
		"without last break": head + "7,WIG-7,Auburn wave,29.90,USD,https://shop.example/7.jpg,/wigs/7",
		"byte order mark":    "\ufeff" + head + "7,WIG-7,Auburn wave,29.90,USD,https://shop.example/7.jpg,/wigs/7\n",
		"Windows line ends":  "no,sku,title,price,currency,image,url\r\n7,WIG-7,Auburn wave,29.90,USD,https://shop.example/7.jpg,/wigs/7\r\n",
		"order and case":     "URL,Currency,PRICE,Image,Title,SKU,Number\n/wigs/7,usd,29.90,https://shop.example/7.jpg,Auburn wave,WIG-7,7\n",
		"semicolons":         "no;sku;title;price;currency;image;url\n7;WIG-7;Auburn wave;29,90;USD;https://shop.example/7.jpg;/wigs/7\n",
		"tabs":               "no\tsku\ttitle\tprice\tcurrency\timage\turl\n7\tWIG-7\tAuburn wave\t29.90\tUSD\thttps://shop.example/7.jpg\t/wigs/7\n",
		"tabs, empty cell":   "no\tcolour\tsku\ttitle\tprice\tcurrency\timage\turl\n7\t\tWIG-7\tAuburn wave\t29.90\tUSD\thttps://shop.example/7.jpg\t/wigs/7\n",
		"quoted newline":     head + "7,WIG-7,\"Auburn\nwave\",29.90,USD,https://shop.example/7.jpg,/wigs/7\n",
		"quoted header":      "\"no\",\"sku\",\"title\",\"price\",\"currency\",\"image\",\"url\"\n7,WIG-7,Auburn wave,29.90,USD,https://shop.example/7.jpg,/wigs/7\n",
		"unknown column":     "no,colour,sku,title,price,currency,image,url\n7,red,WIG-7,Auburn wave,29.90,USD,https://shop.example/7.jpg,/wigs/7\n",
		"empty rows":         head + "\n,,,,,,\n7,WIG-7,Auburn wave,29.90,USD,https://shop.example/7.jpg,/wigs/7\n,,,,,,\n",
	} {
		t.Run(name, func(t *testing.T) {
			s, err := ReadCSV("p.csv", strings.NewReader(text))
			if err != nil {
				t.Fatal(err)
			}
			if got := s.Products(); !reflect.DeepEqual(got, []Product{want}) {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestReadCSVRefuses(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"empty file":          {"", "p.csv:1: the file is empty"},
		"missing column":      {"no,sku,title,price\n", "p.csv:1: currency: no column has this name"},
		"column twice":        {"no,sku,title,name,price,currency\n", "p.csv:1: title: two columns name it"},
		"not a number":        {head + "seven,WIG-7,Wave,29.90,USD,,\n", `p.csv:2: no: "seven" is not a number`},
		"bad price":           {head + "7,WIG-7,Wave,free,USD,,\n", `p.csv:2: price: "free" is not a price`},
		"comma price":         {head + "7,WIG-7,Wave,\"29,90\",USD,,\n", `p.csv:2: price: "29,90" is not a price`},
		"short row":           {head + "7,WIG-7,Wave\n", "p.csv:2: has 3 cells where the first line has 7"},
		"number twice":        {head + "7,A,Wave,1,USD,,\n8,B,Bob,1,USD,,\n7,C,Pixie,1,USD,,\n", "p.csv:4: no: 7 is taken by line 2"},
		"line after a break":  {head + "7,A,\"Wave\n\nlong\",1,USD,,\n8,B,Bob,1,XX,,\n", `p.csv:5: currency: "XX" is not a currency`},
		"bare quote":          {head + "7,A,24\" wig,1,USD,,\n", "p.csv:2: a quote is out of place"},
		"unclosed quote":      {head + "7,A,\"24 wig,1,USD,,\n", "p.csv:2: a quote is out of place"},
		"Windows-1252":        {head + "7,A,Per\xfccke,1,EUR,,\n", "p.csv:2: the text is not UTF-8"},
		"two fields of a row": {head + "7,A,,1,EURO,,\n", "p.csv:2: title: is empty: fill it in\np.csv:2: currency:"},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := ReadCSV("p.csv", strings.NewReader(c.text))
			var r *Rejected
			if s != nil || !errors.As(err, &r) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, %v, want %q", s, err, c.want)
			}
		})
	}
}

func TestReadReportsEveryBadRowUpToTheBound(t *testing.T) {
	var b strings.Builder
	b.WriteString(head)
	for i := range MaxRejected + 5 {
		fmt.Fprintf(&b, "%d,A,Wave,free,USD,,\n", i+1)
	}
	_, err := ReadCSV("p.csv", strings.NewReader(b.String()))
	var r *Rejected
	if !errors.As(err, &r) || len(r.Rows) != MaxRejected || r.More != 5 {
		t.Fatalf("got %v", err)
	}
	if last := r.Rows[MaxRejected-1]; last.Line != MaxRejected+1 || last.Index != MaxRejected-1 || last.Field != "price" {
		t.Errorf("last is %+v", last)
	}
	if !strings.HasSuffix(err.Error(), "and 5 more") {
		t.Errorf("text ends %q", err.Error()[len(err.Error())-20:])
	}
}

func TestReadBounds(t *testing.T) {
	big := strings.Repeat("x", MaxFile+1)
	many := "[" + strings.Repeat("{},", MaxNo) + "{}]"
	rows := head + strings.Repeat("7,A,Wave,1,USD,,\n", MaxNo+1)
	for name, err := range map[string]error{
		"larger than 8 MB": second(ReadCSV("p", strings.NewReader(big))),
		"is larger":        second(ReadJSON("p", strings.NewReader(big))),
		"more":             second(ReadJSON("p", strings.NewReader(many))),
		"and":              second(ReadCSV("p", strings.NewReader(rows))),
	} {
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("want %q, got %.200v", name, err)
		}
	}
}

func second(_ *Shelf, err error) error { return err }

func TestReadJSON(t *testing.T) {
	item := `{"no":7,"sku":"WIG-7","title":"Auburn wave","price":"29.90","currency":"usd","image":"https://shop.example/7.jpg","url":"/wigs/7","colour":"red"}`
	for name, text := range map[string]string{
		"list":   "[" + item + "]",
		"object": `{"version":"x","products":[` + item + `],"more":{"a":[1]}}`,
		"mark":   "\ufeff [" + item + "]\n",
	} {
		t.Run(name, func(t *testing.T) {
			s, err := ReadJSON("p.json", strings.NewReader(text))
			if err != nil {
				t.Fatal(err)
			}
			if got := s.Products(); !reflect.DeepEqual(got, []Product{wig(7)}) {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestReadJSONRefuses(t *testing.T) {
	good := `{"no":7,"sku":"A","title":"Wave","price":"1","currency":"USD"}`
	for name, c := range map[string]struct{ text, want string }{
		"empty":            {"", "p.json:1: the file ends too early"},
		"cut off":          {"[\n" + good, "p.json:2: the file ends too early"},
		"not JSON":         {"[\n{no:7}]", "p.json:2: this is not JSON"},
		"a string":         {`"x"`, "must be a list of products"},
		"no list":          {`{"items":[]}`, "must be a list of products"},
		"two documents":    {"[] []", "must be a list of products"},
		"number in quotes": {"[\n\n{\"no\":\"7\"}]", `p.json:3: no: a string is not a shelf number`},
		"price as number":  {`[{"no":7,"sku":"A","title":"Wave","price":29.9,"currency":"USD"}]`, "p.json:1: price: a number stands where text belongs"},
		"null":             {"[null]", "p.json:1: null is not a product"},
		"not an object":    {"[7]", "a number is not a product"},
		"line of a row":    {"{\"products\":[\n" + good + ",\n" + strings.Replace(good, "USD", "$", 1) + "]}", `p.json:3: currency: "$" is not a currency`},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := ReadJSON("p.json", strings.NewReader(c.text))
			var r *Rejected
			if s != nil || !errors.As(err, &r) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, %v, want %q", s, err, c.want)
			}
		})
	}
}

func TestReadFile(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"a.csv": head, "b.json": "[]", "c.xlsx": ""} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]string{"a.csv": "", "b.json": "", "c.xlsx": "use a .csv or a .json file", "d.csv": "no such file"} {
		_, err := ReadFile(filepath.Join(dir, name))
		if (want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzReadCSV(f *testing.F) {
	f.Add([]byte(head + "7,WIG-7,\"Auburn\nwave\",29.90,USD,https://shop.example/7.jpg,/wigs/7\n"))
	f.Add([]byte("\ufeffNr;SKU;Name;Price;Currency\n7;A;B;29,90;eur\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := ReadCSV("f", strings.NewReader(string(data)))
		holds(t, s, err)
	})
}

func FuzzReadJSON(f *testing.F) {
	f.Add([]byte(`{"products":[{"no":7,"sku":"A","title":"B","price":"1","currency":"USD"}]}`))
	f.Add([]byte(`[{"no":7,"sku":"A","title":"B\u202e","price":"1","currency":"USD"}, null, 3]`))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := ReadJSON("f", strings.NewReader(string(data)))
		holds(t, s, err)
	})
}

// holds checks what every reader promises: a whole valid shelf that survives
// its own JSON, or a reason, never both.
func holds(t *testing.T, s *Shelf, err error) {
	t.Helper()
	if err != nil {
		var r *Rejected
		if s != nil || !errors.As(err, &r) || len(r.Rows) == 0 || len(r.Rows) > MaxRejected {
			t.Fatalf("shelf %v with error %v", s, err)
		}
		return
	}
	for _, p := range s.Products() {
		if err := p.Validate(); err != nil {
			t.Fatalf("accepted %+v: %v", p, err)
		}
	}
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	again, err := ReadJSON("again", strings.NewReader(string(text)))
	if err != nil || again.Version() != s.Version() {
		t.Fatalf("%s read again: %v", text, err)
	}
}

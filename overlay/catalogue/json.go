package catalogue

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// errShape is what a JSON catalogue of another shape is told.
var errShape = errors.New(`the catalogue must be a list of products, or {"products": [ … ]}`)

// ReadJSON reads a catalogue that is a list of products or an object with one
// under "products". Fields it does not know are ignored. name stands for the
// file in errors, which are a [*Rejected] unless r itself gave one.
func ReadJSON(name string, r io.Reader) (*Shelf, error) {
	in := newIntake(name)
	data, err := slurp(r, in)
	if err != nil {
		return nil, err
	}
	if data == nil && len(in.rejected.Rows) > 0 {
		return in.shelf()
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	if err := readDocument(dec, data, in); err != nil {
		at := int(dec.InputOffset())
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			at = int(syntax.Offset)
		}
		in.broken(lineOf(data, at), "", jsonReason(err))
	}
	return in.shelf()
}

func jsonReason(err error) string {
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "the file ends too early: close every bracket"
	case errors.Is(err, errShape):
		return err.Error()
	}
	return "this is not JSON: " + err.Error()
}

// readDocument reads the one value of the file.
func readDocument(dec *json.Decoder, data []byte, in *intake) error {
	first, err := dec.Token()
	if err != nil {
		return err
	}
	switch first {
	case json.Delim('['):
		err = readList(dec, data, in)
	case json.Delim('{'):
		err = readObject(dec, data, in)
	default:
		return errShape
	}
	if err != nil {
		return err
	}
	if in.overflowed {
		return nil
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errShape
	}
	return nil
}

// readObject reads an object's list of products and passes over the rest.
func readObject(dec *json.Decoder, data []byte, in *intake) error {
	found := false
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return err
		}
		if key != "products" {
			var other json.RawMessage
			if err := dec.Decode(&other); err != nil {
				return err
			}
			continue
		}
		if list, err := dec.Token(); err != nil {
			return err
		} else if found || list != json.Delim('[') {
			return errShape
		}
		found = true
		if err := readList(dec, data, in); err != nil || in.overflowed {
			return err
		}
	}
	if !found {
		return errShape
	}
	_, err := dec.Token()
	return err
}

// readList reads products up to and with the closing bracket.
func readList(dec *json.Decoder, data []byte, in *intake) error {
	line, counted := 1, 0
	for dec.More() {
		start := valueStart(data, int(dec.InputOffset()))
		line, counted = line+bytes.Count(data[counted:start], []byte("\n")), start
		if in.full(line) {
			return nil
		}
		var p *Product
		err := dec.Decode(&p)
		var wrong *json.UnmarshalTypeError
		switch {
		case errors.As(err, &wrong):
			in.refuse(line, wrong.Field, typeReason(wrong))
		case err != nil:
			return err
		case p == nil:
			in.refuse(line, "", "null is not a product: remove it")
		default:
			in.add(line, p.tidied())
		}
	}
	_, err := dec.Token()
	return err
}

// valueStart returns where the next value begins at or after offset.
func valueStart(data []byte, offset int) int {
	for offset < len(data) && strings.IndexByte(" \t\r\n,", data[offset]) >= 0 {
		offset++
	}
	return offset
}

func typeReason(e *json.UnmarshalTypeError) string {
	switch e.Field {
	case "":
		return fmt.Sprintf("a %s is not a product: use an object, as {\"no\": 7, …}", e.Value)
	case "no":
		return fmt.Sprintf("a %s is not a shelf number: use %d to %d, without quotes", e.Value, MinNo, MaxNo)
	}
	return fmt.Sprintf("a %s stands where text belongs: put it in quotes, as \"29.90\"", e.Value)
}

func (p Product) tidied() Product {
	return Product{
		No: p.No, SKU: tidy(p.SKU), Title: tidy(p.Title),
		Price: strings.TrimSpace(p.Price), Currency: strings.ToUpper(strings.TrimSpace(p.Currency)),
		Image: strings.TrimSpace(p.Image), URL: strings.TrimSpace(p.URL),
	}
}

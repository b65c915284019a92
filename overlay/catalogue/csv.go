package catalogue

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// MaxColumns bounds the columns of a CSV catalogue.
const MaxColumns = 200

// columns are the header names that a CSV may use, by field.
var columns = map[string]string{
	"no": "no", "number": "no", "nr": "no", "#": "no",
	"sku":   "sku",
	"title": "title", "name": "title",
	"price": "price", "currency": "currency",
	"image": "image", "image_url": "image", "image url": "image",
	"url": "url", "link": "url",
}

// required are the fields that a CSV must have a column for.
var required = []string{"no", "sku", "title", "price", "currency"}

var commaPrice = regexp.MustCompile(`^[0-9]+,[0-9]{1,2}$`)

// ReadCSV reads a catalogue with a header row, in any order and case of
// columns, separated by comma, semicolon or tab. Columns it does not know are
// ignored. In a file that is not separated by commas a price may have a decimal
// comma. name stands for the file in errors, which are a [*Rejected] unless r
// itself gave one.
func ReadCSV(name string, r io.Reader) (*Shelf, error) {
	in := newIntake(name)
	data, err := slurp(r, in)
	if err != nil {
		return nil, err
	}
	if data == nil && len(in.rejected.Rows) > 0 {
		return in.shelf()
	}
	rows := csv.NewReader(bytes.NewReader(data))
	rows.Comma = separator(data)
	rows.FieldsPerRecord = -1
	rows.TrimLeadingSpace = rows.Comma != '\t' // else an empty cell is swallowed
	rows.ReuseRecord = true
	place := readHeader(rows, in)
	if place == nil {
		return in.shelf()
	}
	for readRow(rows, place, in) {
	}
	return in.shelf()
}

// separator returns the separator under which the first line names the most
// fields; comma if none does.
func separator(data []byte) rune {
	line, _, _ := bytes.Cut(data, []byte("\n"))
	best, most := ',', 0
	for _, sep := range ",;\t" {
		known := 0
		for cell := range strings.SplitSeq(string(line), string(sep)) {
			if _, ok := columns[headerName(strings.Trim(strings.TrimSpace(cell), `"`))]; ok {
				known++
			}
		}
		if known > most {
			best, most = sep, known
		}
	}
	return best
}

func headerName(cell string) string { return strings.ToLower(tidy(cell)) }

// readHeader returns the field of each column ("" for one that is ignored), or
// nil after telling in what is wrong.
func readHeader(rows *csv.Reader, in *intake) []string {
	header, err := rows.Read()
	switch {
	case errors.Is(err, io.EOF):
		in.broken(1, "", "the file is empty: its first line names the columns, as no,sku,title,price,currency,image,url")
		return nil
	case err != nil:
		in.broken(parseErrorLine(err), "", csvReason(err))
		return nil
	case len(header) > MaxColumns:
		in.broken(1, "", fmt.Sprintf("has %d columns: keep to %d", len(header), MaxColumns))
		return nil
	}
	line, _ := rows.FieldPos(0)
	place := make([]string, len(header))
	for i, cell := range header {
		field := columns[headerName(cell)]
		if field != "" && slices.Contains(place[:i], field) {
			in.broken(line, field, "two columns name it: keep one")
			return nil
		}
		place[i] = field
	}
	for _, field := range required {
		if !slices.Contains(place, field) {
			in.broken(line, field, "no column has this name: add it to the first line, as no,sku,title,price,currency,image,url")
		}
	}
	if len(in.rejected.Rows) > 0 {
		return nil
	}
	return place
}

// readRow gives the next row to in, and reports whether there may be another.
func readRow(rows *csv.Reader, place []string, in *intake) bool {
	cells, err := rows.Read()
	switch {
	case errors.Is(err, io.EOF):
		return false
	case err != nil:
		in.refuse(parseErrorLine(err), "", csvReason(err))
		return true // csv goes on with the next line
	}
	line, _ := rows.FieldPos(0)
	if !slices.ContainsFunc(cells, func(s string) bool { return strings.TrimSpace(s) != "" }) {
		return true // a spreadsheet's row of separators
	}
	if in.full(line) {
		return false
	}
	if len(cells) != len(place) {
		in.refuse(line, "", fmt.Sprintf("has %d cells where the first line has %d: quote a cell that holds the separator", len(cells), len(place)))
		return true
	}
	p, bad := product(cells, place, rows.Comma != ',')
	if bad != nil {
		in.refuse(line, bad.Field, bad.Reason)
		return true
	}
	in.add(line, p)
	return true
}

func product(cells, place []string, decimalComma bool) (Product, *FieldError) {
	var p Product
	for i, cell := range cells {
		cell = tidy(cell)
		switch place[i] {
		case "no":
			no, err := strconv.Atoi(cell)
			if err != nil {
				return p, &FieldError{"no", fmt.Sprintf("%.20q is not a number: use %d to %d", cell, MinNo, MaxNo)}
			}
			p.No = no
		case "sku":
			p.SKU = cell
		case "title":
			p.Title = cell
		case "price":
			if decimalComma && commaPrice.MatchString(cell) {
				cell = strings.Replace(cell, ",", ".", 1)
			}
			p.Price = cell
		case "currency":
			p.Currency = strings.ToUpper(cell)
		case "image":
			p.Image = cell
		case "url":
			p.URL = cell
		}
	}
	return p, nil
}

func parseErrorLine(err error) int {
	var parse *csv.ParseError
	if errors.As(err, &parse) {
		return parse.StartLine
	}
	return 0
}

func csvReason(err error) string {
	if errors.Is(err, csv.ErrQuote) || errors.Is(err, csv.ErrBareQuote) {
		return `a quote is out of place: write a cell with quotes as "24"" wig"`
	}
	return err.Error()
}

package check

import (
	"fmt"
	"strconv"
	"strings"
)

// attributes are the attribute list of a tag (rfc8216bis §4.2). Quoted values
// are kept with their quotes, so that a reader can tell 1 from "1".
type attributes map[string]string

// parseAttributes reads an attribute list. It is strict: names are of A-Z, 0-9
// and "-", none comes twice, quotes are closed and hold no line break.
func parseAttributes(s string) (attributes, error) {
	list := attributes{}
	for {
		name, rest, found := strings.Cut(s, "=")
		if !found || !isName(name) {
			return nil, fmt.Errorf("attribute list at %q: NAME=value expected", clip(s))
		}
		if _, twice := list[name]; twice {
			return nil, fmt.Errorf("attribute %s comes twice", name)
		}
		value, after, err := cutValue(rest)
		if err != nil {
			return nil, fmt.Errorf("attribute %s: %w", name, err)
		}
		list[name] = value
		if after == "" {
			return list, nil
		}
		if after[0] != ',' {
			return nil, fmt.Errorf("attribute %s: a comma expected at %q", name, clip(after))
		}
		s = after[1:]
	}
}

func isName(s string) bool {
	for _, c := range []byte(s) {
		if (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return s != ""
}

// cutValue splits one value off.
func cutValue(s string) (value, rest string, err error) {
	if strings.HasPrefix(s, `"`) {
		end := strings.IndexByte(s[1:], '"')
		if end < 0 {
			return "", "", fmt.Errorf("a quote is not closed")
		}
		return s[:end+2], s[end+2:], nil
	}
	end := strings.IndexByte(s, ',')
	if end < 0 {
		end = len(s)
	}
	if end == 0 || strings.ContainsAny(s[:end], "\" \t") {
		return "", "", fmt.Errorf("%q is not a value", clip(s[:end]))
	}
	return s[:end], s[end:], nil
}

// text returns a quoted string.
func (a attributes) text(name string) (string, error) {
	v, ok := a[name]
	if !ok {
		return "", fmt.Errorf("%s is missing", name)
	}
	if len(v) < 2 || v[0] != '"' {
		return "", fmt.Errorf("%s is not a quoted string", name)
	}
	return v[1 : len(v)-1], nil
}

// yes returns an enumerated YES or NO; NO if it is absent.
func (a attributes) yes(name string) (bool, error) {
	switch v := a[name]; v {
	case "YES":
		return true, nil
	case "", "NO":
		return false, nil
	default:
		return false, fmt.Errorf("%s is %s, and may be YES or NO", name, v)
	}
}

// seconds returns a decimal floating point number; 0 if it is absent.
func (a attributes) seconds(name string) (float64, error) {
	v, ok := a[name]
	if !ok {
		return 0, nil
	}
	f, err := parseDecimal(v)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", name, err)
	}
	return f, nil
}

// integer returns a decimal integer; absent if it is not there.
func (a attributes) integer(name string, absent int64) (int64, error) {
	v, ok := a[name]
	if !ok {
		return absent, nil
	}
	n, err := parseInteger(v)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", name, err)
	}
	return n, nil
}

// parseDecimal reads digits with at most one point (rfc8216bis §4.2).
func parseDecimal(s string) (float64, error) {
	if len(s) > maxDigits || strings.Trim(s, "0123456789.") != "" {
		return 0, fmt.Errorf("%q is not a decimal number", clip(s))
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return 0, fmt.Errorf("%q is not a decimal number", clip(s))
	}
	return f, nil
}

// parseInteger reads an unsigned integer (rfc8216bis §4.2).
func parseInteger(s string) (int64, error) {
	if len(s) > maxDigits || strings.Trim(s, "0123456789") != "" {
		return 0, fmt.Errorf("%q is not an integer", clip(s))
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%q is not an integer", clip(s))
	}
	return n, nil
}

const (
	maxDigits = 32 // of a number in a playlist; 20 make 2^64
	clipAt    = 80 // bytes of a foreign text that an error repeats
)

func clip(s string) string {
	if len(s) > clipAt {
		return s[:clipAt] + "…"
	}
	return s
}

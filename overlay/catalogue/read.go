package catalogue

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"
)

// MaxFile bounds a catalogue file, in bytes.
const MaxFile = 8 << 20

var byteOrderMark = []byte("\xef\xbb\xbf")

// ReadFile reads the catalogue at path, whose extension names its format: .csv,
// .tsv, .txt, or .json. A bad content gives a [*Rejected].
func ReadFile(path string) (*Shelf, error) {
	read := ReadCSV
	switch ext := strings.ToLower(filepath.Ext(path)); ext {
	case ".csv", ".tsv", ".txt":
	case ".json":
		read = ReadJSON
	default:
		return nil, fmt.Errorf("catalogue %s: no format is called %q: use a .csv or a .json file", path, ext)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("catalogue: %w", err)
	}
	defer f.Close()
	return read(path, f)
}

// slurp reads a whole file of UTF-8 without its byte order mark. What is wrong
// with it as a whole is told to in, and nil returned.
func slurp(r io.Reader, in *intake) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, MaxFile+1))
	if err != nil {
		return nil, fmt.Errorf("read catalogue %s: %w", in.file, err)
	}
	if len(data) > MaxFile {
		in.broken(0, "", fmt.Sprintf("the catalogue is larger than %d MB: split it", MaxFile>>20))
		return nil, nil
	}
	data = bytes.TrimPrefix(data, byteOrderMark)
	if !utf8.Valid(data) {
		in.broken(badUTF8Line(data), "", "the text is not UTF-8: save the file as “CSV UTF-8”")
		return nil, nil
	}
	return data, nil
}

func badUTF8Line(data []byte) int {
	for i := 0; i < len(data); {
		r, n := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && n == 1 {
			return lineOf(data, i)
		}
		i += n
	}
	return 0
}

// lineOf returns the line, from 1, of the byte at offset.
func lineOf(data []byte, offset int) int {
	return 1 + bytes.Count(data[:min(offset, len(data))], []byte("\n"))
}

// tidy makes one line of s: runs of white space become one space.
func tidy(s string) string { return strings.Join(strings.Fields(s), " ") }

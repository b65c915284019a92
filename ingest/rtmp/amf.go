package rtmp

import (
	"encoding/binary"
	"errors"
	"math"
)

// amfKind is the marker of an AMF0 value (AMF0 specification, §2.1).
type amfKind byte

const (
	amfNumber      amfKind = 0
	amfBoolean     amfKind = 1
	amfString      amfKind = 2
	amfObject      amfKind = 3
	amfNull        amfKind = 5
	amfUndefined   amfKind = 6
	amfReference   amfKind = 7
	amfECMAArray   amfKind = 8
	amfObjectEnd   amfKind = 9
	amfStrictArray amfKind = 10
	amfDate        amfKind = 11
	amfLongString  amfKind = 12
	amfUnsupported amfKind = 13
	amfXML         amfKind = 15
	amfTypedObject amfKind = 16
)

var (
	errAMF      = errors.New("malformed AMF0")
	errAMFDepth = errors.New("AMF0 nested too deep")
)

// amfValue is a value, read. Only scalars carry their content.
type amfValue struct {
	kind amfKind
	num  float64 // number; 1 for true
	str  string  // string, long string
}

// amfReader reads AMF0 values. It allocates strings that are really there and
// nothing else: containers are walked, never built, so that no announced length
// costs anything.
type amfReader struct {
	b     []byte
	depth int // how deep values may nest from here
}

// value reads one value; of a container only the kind is told.
func (r *amfReader) value() (amfValue, error) {
	kind, err := r.kind()
	if err != nil {
		return amfValue{}, err
	}
	v := amfValue{kind: kind}
	switch kind {
	case amfNumber:
		b, err := r.take(8)
		if err != nil {
			return v, err
		}
		v.num = math.Float64frombits(binary.BigEndian.Uint64(b))
	case amfBoolean:
		b, err := r.take(1)
		if err != nil {
			return v, err
		}
		v.num = float64(min(b[0], 1))
	case amfString, amfLongString:
		b, err := r.text(kind)
		if err != nil {
			return v, err
		}
		v.str = string(b)
	default:
		return v, r.skip(kind)
	}
	return v, nil
}

// skip reads past the rest of a value whose marker was read.
func (r *amfReader) skip(kind amfKind) error {
	var err error
	switch kind {
	case amfNumber:
		_, err = r.take(8)
	case amfBoolean:
		_, err = r.take(1)
	case amfNull, amfUndefined, amfUnsupported:
	case amfReference:
		_, err = r.take(2)
	case amfDate:
		_, err = r.take(10)
	case amfString, amfLongString, amfXML:
		_, err = r.text(kind)
	case amfTypedObject:
		if _, err = r.text(amfString); err == nil {
			err = r.properties(nil)
		}
	case amfObject:
		err = r.properties(nil)
	case amfECMAArray:
		if _, err = r.take(4); err == nil { // its count is a hint, and often wrong
			err = r.properties(nil)
		}
	case amfStrictArray:
		err = r.elements()
	default:
		err = errAMF
	}
	return err
}

// properties walks key and value pairs up to the object's end. With a visit,
// each is read and shown; else skipped.
func (r *amfReader) properties(visit func(key string, v amfValue)) error {
	if r.depth--; r.depth < 0 {
		return errAMFDepth
	}
	defer func() { r.depth++ }()
	for {
		key, err := r.text(amfString)
		if err != nil {
			return err
		}
		if len(key) == 0 {
			end, err := r.kind()
			if err == nil && end != amfObjectEnd {
				err = errAMF
			}
			return err
		}
		if visit == nil {
			if err := r.skipValue(); err != nil {
				return err
			}
			continue
		}
		v, err := r.value()
		if err != nil {
			return err
		}
		visit(string(key), v)
	}
}

// elements walks a strict array, as long as there are bytes.
func (r *amfReader) elements() error {
	if r.depth--; r.depth < 0 {
		return errAMFDepth
	}
	defer func() { r.depth++ }()
	b, err := r.take(4)
	if err != nil {
		return err
	}
	for range binary.BigEndian.Uint32(b) {
		if err := r.skipValue(); err != nil {
			return err
		}
	}
	return nil
}

func (r *amfReader) skipValue() error {
	kind, err := r.kind()
	if err != nil {
		return err
	}
	return r.skip(kind)
}

// object reads an object or ECMA array and shows each property to visit.
func (r *amfReader) object(visit func(key string, v amfValue)) error {
	kind, err := r.kind()
	if err != nil {
		return err
	}
	switch kind {
	case amfObject:
		return r.properties(visit)
	case amfECMAArray:
		if _, err := r.take(4); err != nil {
			return err
		}
		return r.properties(visit)
	}
	return r.skip(kind)
}

// text reads a length and as many bytes: 16 bits of length for a string, else 32.
func (r *amfReader) text(kind amfKind) ([]byte, error) {
	if kind == amfString {
		b, err := r.take(2)
		if err != nil {
			return nil, err
		}
		return r.take(int(binary.BigEndian.Uint16(b)))
	}
	b, err := r.take(4)
	if err != nil {
		return nil, err
	}
	return r.take(int(binary.BigEndian.Uint32(b)))
}

func (r *amfReader) kind() (amfKind, error) {
	b, err := r.take(1)
	if err != nil {
		return 0, err
	}
	return amfKind(b[0]), nil
}

func (r *amfReader) take(n int) ([]byte, error) {
	if n < 0 || n > len(r.b) {
		return nil, errAMF
	}
	b := r.b[:n]
	r.b = r.b[n:]
	return b, nil
}

// Appenders of AMF0 values. A string longer than 65535 bytes is cut.

func appendAMFNumber(b []byte, v float64) []byte {
	return binary.BigEndian.AppendUint64(append(b, byte(amfNumber)), math.Float64bits(v))
}

func appendAMFString(b []byte, s string) []byte {
	return appendAMFKey(append(b, byte(amfString)), s)
}

func appendAMFNull(b []byte) []byte { return append(b, byte(amfNull)) }

// appendAMFKey appends the key of a property.
func appendAMFKey(b []byte, s string) []byte {
	s = s[:min(len(s), math.MaxUint16)]
	return append(binary.BigEndian.AppendUint16(b, uint16(len(s))), s...)
}

// appendAMFObject appends an object with string properties; keys and values
// alternate.
func appendAMFObject(b []byte, pairs ...string) []byte {
	b = append(b, byte(amfObject))
	for i := 0; i+1 < len(pairs); i += 2 {
		b = appendAMFString(appendAMFKey(b, pairs[i]), pairs[i+1])
	}
	return append(b, 0, 0, byte(amfObjectEnd))
}

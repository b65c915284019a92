package hls

import (
	"strconv"
	"time"
)

func appendSegmentURI(b []byte, epoch, msn int64) []byte {
	b = strconv.AppendInt(b, epoch, 10)
	b = append(b, '/')
	b = strconv.AppendInt(b, msn, 10)
	return append(b, ".m4s"...)
}

func appendPartURI(b []byte, epoch, msn int64, part int) []byte {
	b = strconv.AppendInt(b, epoch, 10)
	b = append(b, '/')
	b = strconv.AppendInt(b, msn, 10)
	b = append(b, '.')
	b = strconv.AppendInt(b, int64(part), 10)
	return append(b, ".m4s"...)
}

// appendDate appends t as PROGRAM-DATE-TIME has it, to the millisecond.
func appendDate(b []byte, t time.Time) []byte {
	return t.UTC().Round(time.Millisecond).AppendFormat(b, "2006-01-02T15:04:05.000Z")
}

// appendSeconds appends d with a precision of 10 µs.
func appendSeconds(b []byte, d time.Duration) []byte {
	const unit = 10 * time.Microsecond
	n := int64((d + unit/2) / unit)
	b = strconv.AppendInt(b, n/100_000, 10)
	b = append(b, '.')
	frac := n % 100_000
	for div := int64(10_000); div > 0; div /= 10 {
		b = append(b, byte('0'+frac/div%10))
	}
	return b
}

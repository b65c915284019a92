package packager

import (
	"bytes"
	"fmt"
	"sync"
	"testing"
)

// Payloads cut from the same slabs stay apart, however they are asked for.
func TestPayloadsStayApart(t *testing.T) {
	var p press
	var made []*payload
	var want [][]byte
	for i := range 3 * slabPayloads {
		var whole []byte
		p.begin(1 + i%40*2)
		for j := range i%40 + 1 {
			data := fmt.Appendf(nil, "sample %d of %d;", j, i)
			head := bytes.Repeat([]byte{byte(i)}, j*7)
			p.head(len(head), func(b []byte) []byte { return append(b, head...) })
			p.add(data)
			whole = append(append(whole, head...), data...)
		}
		made, want = append(made, p.end()), append(want, whole)
	}
	var viewers sync.WaitGroup
	for range 8 {
		viewers.Go(func() {
			for i, m := range made {
				if !bytes.Equal(m.bytes(), want[i]) || m.size != len(want[i]) {
					t.Errorf("payload %d: %d bytes of %d", i, len(m.bytes()), len(want[i]))
				}
			}
		})
	}
	viewers.Wait()
}

func TestPartCostsNoAllocationOfItsOwn(t *testing.T) {
	var p press
	data := [][]byte{make([]byte, 12_000), make([]byte, 9_000)}
	n := testing.AllocsPerRun(1000, func() {
		p.begin(4)
		for _, d := range data {
			p.head(100, func(b []byte) []byte { return append(b, d[:100]...) })
			p.add(d)
		}
		p.end()
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}

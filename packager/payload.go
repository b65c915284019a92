package packager

import "sync"

// payload is the bytes of a part, in the pieces that they came in: heads that
// the packager wrote, and the data of samples as the ingest read it. They are
// joined when somebody asks first: a rendition that nobody watches is never
// copied, and one that many watch is copied once.
type payload struct {
	size int

	join   sync.Once
	pieces [][]byte // until joined
	joined []byte
}

// bytes returns the part. Nobody writes to it.
func (p *payload) bytes() []byte {
	p.join.Do(func() {
		b := make([]byte, 0, p.size)
		for _, piece := range p.pieces {
			b = append(b, piece...)
		}
		clear(p.pieces) // they are cut from one slab, which lives on
		p.joined, p.pieces = b, nil
	})
	return p.joined
}

// Sizes of the slabs of a press. One holds what some seconds of a rendition need.
const (
	slabHeads    = 16 << 10 // bytes
	slabPieces   = 256
	slabPayloads = 32
)

// press makes payloads. What they consist of, apart from the data of samples, it
// cuts from slabs, so that a part costs no allocation of its own.
type press struct {
	heads    []byte
	pieces   [][]byte
	payloads []payload

	from, size int // of the payload in the making: its first piece, and its bytes
}

// begin begins a payload of at most n pieces.
func (p *press) begin(n int) {
	if cap(p.pieces)-len(p.pieces) < n {
		p.pieces = make([][]byte, 0, max(slabPieces, n))
	}
	p.from, p.size = len(p.pieces), 0
}

// add adds bytes that nobody will write to any more.
func (p *press) add(b []byte) {
	p.pieces = append(p.pieces, b)
	p.size += len(b)
}

// head adds the bytes that write appends; at most n.
func (p *press) head(n int, write func([]byte) []byte) {
	if cap(p.heads)-len(p.heads) < n {
		p.heads = make([]byte, 0, max(slabHeads, n))
	}
	from := len(p.heads)
	p.heads = write(p.heads)
	p.add(p.heads[from:len(p.heads):len(p.heads)])
}

// end returns the payload that was begun.
func (p *press) end() *payload {
	if len(p.payloads) == 0 {
		p.payloads = make([]payload, slabPayloads)
	}
	out := &p.payloads[0]
	p.payloads = p.payloads[1:]
	out.size, out.pieces = p.size, p.pieces[p.from:len(p.pieces):len(p.pieces)]
	return out
}

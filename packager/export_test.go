package packager

// Held returns how many units wait for the program to begin.
func Held(p *Program) int { return len(p.held) }

// RenderedTS returns how many kept segments of a rendition are rendered in
// MPEG-TS, and how many are kept.
func RenderedTS(p *Program, rendition string) (rendered, kept int) {
	for _, r := range p.all {
		if r.name != rendition {
			continue
		}
		for _, s := range r.kept {
			if s.ts.data != nil {
				rendered++
			}
		}
		kept = len(r.kept)
	}
	return rendered, kept
}

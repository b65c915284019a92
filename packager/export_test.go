package packager

// RenderAnew renders the newest playlist of a rendition as for a first viewer,
// without compressing it.
func RenderAnew(p *Program, rendition string) []byte {
	for _, r := range p.all {
		if r.name == rendition {
			s := r.win.Snapshot()
			return s.list.AppendTo(make([]byte, 0, playlistSize(&s.list)))
		}
	}
	return nil
}

// Held returns how many units wait for the program to begin.
func Held(p *Program) int { return len(p.held) }

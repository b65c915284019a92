package packager

// Held returns how many units wait for the program to begin.
func Held(p *Program) int { return len(p.held) }

package show

import (
	"slices"

	"vitrine/overlay/catalogue"
)

// View returns what the Desk knows now.
func (d *Desk) View() View {
	v, _ := d.Watch()
	return v
}

// Watch returns what the Desk knows now, and a channel that is closed when that
// has changed: look again then.
func (d *Desk) Watch() (View, <-chan struct{}) {
	d.mu.Lock()
	defer d.mu.Unlock()
	v := d.view
	v.On = slices.Clone(v.On)
	return v, d.changed
}

// State returns the JSON of all that is on show, as a media.Cue's State has it.
// A packager that starts in the midst of a show announces it.
func (d *Desk) State() ([]byte, error) { return stateOf(d.View().On) }

// Shelf returns the products that can be put on show.
func (d *Desk) Shelf() *catalogue.Shelf { return d.View().Shelf }

// Stock replaces the products that can be put on show. What is on show stays,
// as it was.
func (d *Desk) Stock(s *catalogue.Shelf) { d.set(func(v *View) { v.Shelf = s }) }

// set changes the view and tells those who watch.
func (d *Desk) set(change func(*View)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	change(&d.view)
	close(d.changed)
	d.changed = make(chan struct{})
}

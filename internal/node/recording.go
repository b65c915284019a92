package node

import (
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"vitrine/overlay/api"
	"vitrine/packager"
	"vitrine/packager/record"
)

// recordings is the folder of all recordings in the data folder.
const recordings = "recordings"

// archive hands to a recorder what it is to keep of a program.
type archive struct {
	rec    *record.Recorder
	wanted []string // renditions by name; empty for the best picture and the sound
	folder string
	chosen []string
	scales map[string]int64 // timescale of each rendition
}

// archive returns what keeps the show of a program that begins now, or nil.
func (c *channel) archive(show string, started, now time.Time) *archive {
	if c.cfg.Record == nil {
		return nil
	}
	root := filepath.Join(c.node.cfg.Data, recordings)
	rec := record.New(record.Config{
		FS: record.Disk{Root: root}, Channel: c.name, Show: show, Started: started, Take: now.Unix(), Log: c.log, Now: c.node.now,
	})
	return &archive{rec: rec, wanted: c.cfg.Record.Renditions, folder: filepath.Join(root, c.name, show), scales: map[string]int64{}}
}

// Keep implements [packager.Archive].
func (a *archive) Keep(k packager.Kept) {
	switch {
	case k.Renditions != nil:
		a.chosen = choose(k.Renditions, a.wanted)
	case k.Init != nil:
		if i := k.Init; slices.Contains(a.chosen, i.Rendition) {
			a.scales[i.Rendition] = i.Timescale
			a.rec.Init(i.Rendition, i.Number, i.Timescale, i.Track, i.Data)
		}
	case k.Segment != nil:
		if s := k.Segment; slices.Contains(a.chosen, s.Rendition) && a.scales[s.Rendition] > 0 {
			a.rec.Segment(record.Segment{
				Rendition: s.Rendition, MSN: s.MSN, Init: s.Init, Timescale: a.scales[s.Rendition], Start: s.Start, Dur: s.Dur,
				Wall: s.Wall, Discont: s.Discontinuity, Gap: s.Gap, Data: s.Data,
			})
		}
	case k.Cue != nil:
		a.rec.Cue(k.Cue.Number, k.Cue.At, k.Cue.Payload)
	case k.Ended:
		a.rec.End()
	}
}

// choose returns which of the published renditions are recorded. Where a wanted
// one is not published, as a source whose keyframes are too far apart, the best
// picture stands in for it.
func choose(published, wanted []string) []string {
	if len(wanted) == 0 {
		wanted = []string{packager.Source, packager.Audio}
	}
	var out []string
	for _, name := range wanted {
		if !slices.Contains(published, name) && len(published) > 0 {
			name = published[0]
		}
		if !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}

// warnings tells the host how the recording does. A nil archive has nothing to say.
func (a *archive) warnings() []api.Warning {
	if a == nil {
		return nil
	}
	return recordingWarnings(a.rec.Status(), a.folder)
}

// recordingWarnings says in plain words what is wrong with a recording and what
// cures it. It is pure.
func recordingWarnings(s record.Status, folder string) []api.Warning {
	var out []api.Warning
	add := func(code, format string, args ...any) {
		out = append(out, api.Warning{Code: code, Text: fmt.Sprintf(format, args...)})
	}
	switch s.State {
	case record.Fine:
	case record.Slow:
		add("recording-slow", "The disk is too slow for the recording: %d MiB wait for it. Move the data folder to a faster disk, or record fewer qualities. Viewers see nothing of it.", s.Queued>>20)
	case record.Full:
		add("recording-full", "The disk is full: the recording stands still. Free some space on the disk of %s; it goes on by itself. Viewers see nothing of it.", folder)
	case record.ReadOnly:
		add("recording-read-only", "The recording may not be written. Let the server write to %s; it goes on by itself. Viewers see nothing of it.", folder)
	case record.Failing:
		add("recording-failing", "The recording cannot be written (%v). Check the disk of %s; it goes on by itself. Viewers see nothing of it.", s.Err, folder)
	}
	if s.Lost > 0 {
		add("recording-gap", "%d segments are missing in the recording, because the disk did not take them in time. Check its speed and its free space before the next show.", s.Lost)
	}
	return out
}

package node

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"time"

	"vitrine/overlay/api"
	"vitrine/packager"
	"vitrine/packager/record"
)

// recordings is the folder of all recordings in the data folder.
const recordings = "recordings"

// spareSegments is how many segments of a stand-in are at hand when it turns out
// that the source has none: it is given up seconds later.
const spareSegments = 8

// archive hands to a recorder what it is to keep of a program.
type archive struct {
	rec    *record.Recorder
	wanted []string // renditions by name; empty for the best picture and the sound
	folder string
	log    *slog.Logger
	chosen []string
	scales map[string]int64 // timescale of each rendition

	before  *archive      // of the same show, or nil: it writes to the same journal
	written chan struct{} // closed when run ends

	spare     string // the rung that stands in where the source is a gap; "" for none
	spareInit *packager.KeptInit
	spareSaid int64                   // number of the init that the recorder has; -1 for none
	waiting   []*packager.KeptSegment // the newest of the spare
	gaps      []int64                 // the newest of the source, by MSN
}

// archive returns what keeps the show of a program that begins now, or nil. What
// kept the program before keeps nothing more.
func (c *channel) archive(show string, started, now time.Time) *archive {
	if c.cfg.Record == nil {
		return nil
	}
	root := filepath.Join(c.node.cfg.Data, recordings)
	rec := record.New(record.Config{
		FS: record.Disk{Root: root}, Channel: c.name, Show: show, Started: started, Take: now.Unix(), Log: c.log, Now: c.node.now,
	})
	a := &archive{
		rec: rec, log: c.log, wanted: c.cfg.Record.Renditions, folder: filepath.Join(root, c.name, show),
		scales: map[string]int64{}, written: make(chan struct{}), spareSaid: -1,
	}
	if last := c.recording; last != nil {
		last.rec.End()
		if last.folder == a.folder {
			a.before = last
		}
	}
	return a
}

// run writes until the recording has ended, be that long after the show.
func (a *archive) run(ctx context.Context) error {
	defer close(a.written)
	if a.before != nil {
		<-a.before.written
		a.before = nil
	}
	if err := a.rec.Run(ctx); err != nil {
		a.log.Error("the end of the recording is not on disk", "err", err)
	}
	return nil
}

// Keep implements [packager.Archive].
func (a *archive) Keep(k packager.Kept) {
	switch {
	case k.Renditions != nil:
		a.chosen = choose(k.Renditions, a.wanted)
		if len(a.wanted) == 0 && len(k.Renditions) > 2 && a.chosen[0] == packager.Source {
			a.spare = k.Renditions[1]
		}
	case k.Init != nil:
		a.scales[k.Init.Rendition] = k.Init.Timescale
		if slices.Contains(a.chosen, k.Init.Rendition) {
			a.init(k.Init)
		} else if k.Init.Rendition == a.spare {
			a.spareInit = k.Init
		}
	case k.Segment != nil:
		if slices.Contains(a.chosen, k.Segment.Rendition) {
			a.segment(k.Segment)
		}
		a.standIn(k.Segment)
	case k.Cue != nil:
		a.rec.Cue(k.Cue.Number, k.Cue.At, k.Cue.Payload)
	case k.Ended:
		a.rec.End()
	}
}

func (a *archive) init(i *packager.KeptInit) {
	a.rec.Init(i.Rendition, i.Number, i.Timescale, i.Track, i.Data)
}

func (a *archive) segment(s *packager.KeptSegment) {
	if a.scales[s.Rendition] == 0 {
		return // a gap before anything came
	}
	a.rec.Segment(record.Segment{
		Rendition: s.Rendition, MSN: s.MSN, Init: s.Init, Timescale: a.scales[s.Rendition], Start: s.Start, Dur: s.Dur,
		Wall: s.Wall, Discont: s.Discontinuity, Gap: s.Gap, Size: s.Size, Data: s.Data,
	})
}

// standIn records the spare's segment where the source's is a gap, as while its
// keyframes are too far apart. Which of the two comes first is not known.
func (a *archive) standIn(s *packager.KeptSegment) {
	switch {
	case a.spare == "":
		return
	case s.Rendition == a.spare && !s.Gap:
		a.waiting = append(a.waiting[max(0, len(a.waiting)+1-spareSegments):], s)
	case s.Rendition == packager.Source && s.Gap:
		a.gaps = append(a.gaps[max(0, len(a.gaps)+1-spareSegments):], s.MSN)
	default:
		return
	}
	a.waiting = slices.DeleteFunc(a.waiting, func(w *packager.KeptSegment) bool {
		if !slices.Contains(a.gaps, w.MSN) || a.spareInit == nil || a.spareInit.Number != w.Init {
			return false
		}
		if a.spareSaid != w.Init {
			a.init(a.spareInit)
			a.spareSaid = w.Init
		}
		a.segment(w)
		return true
	})
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

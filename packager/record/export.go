package record

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// ExportConfig says what to make a file of, and where.
type ExportConfig struct {
	FS        fs.FS  // all recordings, as [Disk] wrote them
	Folder    string // of the show: CHANNEL/SHOW
	Rendition string // empty: the best picture that was recorded
	Out       string // path of the MP4; what is there is replaced when the new one is whole
	FFmpeg    string // program

	// Progress, if set, is told how much of the recording has been read, in bytes.
	Progress func(done, total int64)
}

// Exported is what came of an export.
type Exported struct {
	Duration time.Duration
	Chapters int
	Recoded  bool // the picture or the sound changed its parameters, and was coded again
	Missing  int  // segments that the disk did not take, or that are damaged
	OnAir    bool // the recording was not ended in order: it may go on
}

// ErrNothing says that there is no segment to export.
var ErrNothing = errors.New("nothing of this show is on disk yet")

// ErrInterrupted says that an export was ended before it was whole.
var ErrInterrupted = errors.New("export: interrupted, nothing was written")

// Export makes one progressive MP4 of a recording, its index in front, with a
// chapter for each product. What was recorded is laid end to end: a time in
// which there was neither picture nor sound is left out, and picture, sound and
// chapters are moved alike. Samples are copied; only if the parameters of a
// track changed is that track coded again, to those of most of the time.
func Export(ctx context.Context, cfg ExportConfig) (Exported, error) {
	rec, err := Read(cfg.FS, cfg.Folder)
	if err != nil {
		return Exported{}, err
	}
	picked, err := pick(rec, cfg.Folder, cfg.Rendition)
	if err != nil {
		return Exported{}, err
	}
	x := &exporter{cfg: cfg}
	out := Exported{Missing: rec.Lost, OnAir: !rec.Ended}
	var spans [][]span
	for _, list := range picked {
		r, err := survey(cfg.FS, cfg.Folder, rec, list)
		if err != nil {
			return Exported{}, err
		}
		out.Missing += r.missing
		if len(r.clips) == 0 {
			continue
		}
		out.Recoded = out.Recoded || !r.same
		x.reels = append(x.reels, r)
		x.total += r.bytes
		spans = append(spans, r.spans)
	}
	if len(x.reels) == 0 {
		return Exported{}, fmt.Errorf("recording %s: %w", cfg.Folder, ErrNothing)
	}
	x.line = newTimeline(rec.takes, spans...)
	x.chapters = chapters(rec.cues, x.line)
	out.Duration, out.Chapters = x.line.duration().Duration(), len(x.chapters)
	x.title = fmt.Sprintf("%s %s", rec.Channel, rec.Started.UTC().Format("2006-01-02 15:04"))
	return out, x.write(ctx)
}

// exporter makes the file.
type exporter struct {
	cfg      ExportConfig
	reels    []*reel
	line     timeline
	chapters []chapter
	title    string
	done     int64      // bytes read so far
	telling  sync.Mutex // guards done
	total    int64
}

// write makes the file beside its place, and moves it there when it is whole.
func (x *exporter) write(ctx context.Context) error {
	dir := filepath.Dir(x.cfg.Out)
	free, err := freeAt(dir)
	if err != nil {
		return err
	}
	if free < x.total+MinFree {
		return fmt.Errorf("export: %s has %d MiB free and the file needs %d: free some, or choose another place with -o", dir, free>>20, (x.total+MinFree)>>20)
	}
	part := x.cfg.Out + ".part"
	if err := x.mux(ctx, part); err != nil {
		return errors.Join(err, remove(part))
	}
	if err := os.Rename(part, x.cfg.Out); err != nil {
		return errors.Join(fmt.Errorf("export: %w", err), remove(part))
	}
	return nil
}

func remove(name string) error {
	if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// mux feeds FFmpeg one pipe per track and one with the chapters.
func (x *exporter) mux(ctx context.Context, part string) error {
	whole := ctx
	group, ctx := errgroup.WithContext(ctx)
	p := &process{program: x.cfg.FFmpeg, args: x.args(part)}
	var ends []*os.File
	defer func() { closeAll(ends) }()
	for range len(x.reels) + 1 {
		r, w, err := os.Pipe()
		if err != nil {
			return fmt.Errorf("export: %w", err)
		}
		p.files, ends = append(p.files, r), append(ends, w)
	}
	if err := p.start(ctx); err != nil {
		return err
	}
	feeds := ends
	ends = nil
	for i, r := range x.reels {
		group.Go(func() error {
			defer feeds[i].Close()
			return x.feed(ctx, r, feeds[i])
		})
	}
	group.Go(func() error {
		w := feeds[len(x.reels)]
		defer w.Close()
		_, err := io.WriteString(w, metadata(x.title, x.chapters, x.line.duration()))
		return err
	})
	muxed := p.wait()
	closeAll(feeds) // nobody reads any more
	if context.Cause(whole) != nil {
		muxed = ErrInterrupted
	}
	if err := group.Wait(); muxed == nil {
		return err
	}
	return muxed
}

func closeAll(files []*os.File) {
	for _, f := range files {
		_ = f.Close() // they are pipes, closed once already where all was written
	}
}

// feed writes the reel to w: as it is, or coded again, run by run of the same
// parameters, as MPEG-TS, of which any number can follow each other.
func (x *exporter) feed(ctx context.Context, r *reel, w *os.File) error {
	if r.same {
		return x.copyRun(ctx, r.head, r.clips, w)
	}
	for from := 0; from < len(r.clips); {
		to := from + 1
		for to < len(r.clips) && r.clips[to].init.file() == r.clips[from].init.file() {
			to++
		}
		if err := x.recode(ctx, r, r.clips[from:to], w); err != nil {
			return err
		}
		from = to
	}
	return nil
}

// recode codes clips of one init to the parameters of the reel's main one.
func (x *exporter) recode(ctx context.Context, r *reel, clips []clip, w *os.File) error {
	head, err := fs.ReadFile(x.cfg.FS, path.Join(x.cfg.Folder, clips[0].init.file()))
	if err != nil {
		return fmt.Errorf("export: %w", err)
	}
	p := &process{program: x.cfg.FFmpeg, args: recodeArgs(r.init), stdout: w}
	in, feed, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("export: %w", err)
	}
	p.files = []*os.File{in}
	if err := p.start(ctx); err != nil {
		return errors.Join(err, feed.Close())
	}
	fed := errors.Join(x.copyRun(ctx, head, clips, feed), feed.Close())
	if err := p.wait(); err != nil {
		return err
	}
	return fed
}

// copyRun writes an init and the segments after it, each at its place.
func (x *exporter) copyRun(ctx context.Context, head []byte, clips []clip, w io.Writer) error {
	if _, err := w.Write(head); err != nil {
		return fmt.Errorf("export: %w", err)
	}
	for _, c := range clips {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		b, err := fs.ReadFile(x.cfg.FS, path.Join(x.cfg.Folder, c.file()))
		if err != nil {
			return fmt.Errorf("export: %w", err)
		}
		if err := retime(b, x.line.mover(c.Take, c.Scale)); err != nil {
			return fmt.Errorf("export: segment %s: %w", c.file(), err)
		}
		if _, err := w.Write(b); err != nil {
			return fmt.Errorf("export: %w", err)
		}
		x.progress(c.Bytes)
	}
	return nil
}

// progress tells how much has been read, from one track at a time.
func (x *exporter) progress(n int64) {
	x.telling.Lock()
	defer x.telling.Unlock()
	if x.done += n; x.cfg.Progress != nil {
		x.cfg.Progress(x.done, x.total)
	}
}

package record_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"vitrine/internal/media"
	"vitrine/packager/record"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var picture = &media.Track{Kind: media.Video, Codec: media.H264, Width: 640, Height: 360}

// memory is a disk that does as it is told.
type memory struct {
	mu    sync.Mutex
	files map[string][]byte
	free  int64
	err   error         // of every write
	half  bool          // a write of the journal fails in its middle
	last  *byte         // the first one of the last file
	hang  chan struct{} // writes wait until it is closed
}

func newMemory() *memory { return &memory{files: map[string][]byte{}, free: 1 << 40} }

func (m *memory) set(change func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	change()
}

func (m *memory) enter() error {
	m.mu.Lock()
	hang, err := m.hang, m.err
	m.mu.Unlock()
	if hang != nil {
		<-hang
	}
	return err
}

func (m *memory) WriteFile(name string, pieces [][]byte) error {
	if err := m.enter(); err != nil {
		return err
	}
	m.set(func() { m.files[name], m.last = bytes.Join(pieces, nil), &pieces[0][0] })
	return nil
}

func (m *memory) WriteAt(name string, at int64, b []byte) error {
	if err := m.enter(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.half {
		m.half = false
		m.files[name] = append(m.files[name][:at:at], b[:len(b)/2]...)
		return syscall.ENOSPC
	}
	m.files[name] = append(m.files[name][:at:at], b...)
	return nil
}

func (m *memory) Whole(name string) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return int64(bytes.LastIndexByte(m.files[name], '\n') + 1), nil
}

func (m *memory) Free() (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.free, nil
}

// journal returns the lines of the show's journal.
func (m *memory) journal() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return strings.Split(strings.TrimSuffix(string(m.files["demo/SHOW/journal.jsonl"]), "\n"), "\n")
}

func (m *memory) has(msn int) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.files[path.Join("demo/SHOW/100/source", fmt.Sprint(msn)+".m4s")] != nil
}

func newRecorder(fs record.FS, log *slog.Logger) *record.Recorder {
	return record.New(record.Config{
		FS: fs, Channel: "demo", Show: "SHOW", Started: time.Unix(100, 0), Take: 100, Log: log, Now: time.Now,
	})
}

const piece = 1 << 20

var big = make([]byte, piece)

// pieces is the data of a segment.
func pieces(b ...[]byte) func() [][]byte { return func() [][]byte { return b } }

func segment(msn int) record.Segment {
	return record.Segment{Rendition: "source", MSN: int64(msn), Timescale: 90000, Start: int64(msn) * 180000, Dur: 180000, Size: len(big), Data: pieces(big)}
}

// trouble is a recorder on a disk, in virtual time.
type trouble struct {
	*record.Recorder
	disk *memory
	log  *bytes.Buffer
	stop context.CancelFunc
	done chan error
	next int
}

func start(t *testing.T) *trouble {
	t.Helper()
	tr := &trouble{disk: newMemory(), log: &bytes.Buffer{}, done: make(chan error, 1)}
	tr.Recorder = newRecorder(tr.disk, slog.New(slog.NewTextHandler(tr.log, nil)))
	ctx, cancel := context.WithCancel(t.Context())
	tr.stop = cancel
	go func() { tr.done <- tr.Run(ctx) }()
	tr.Init("source", 0, 90000, picture, []byte("init"))
	return tr
}

// air records n segments; it takes no time at all, whatever the disk does.
func (tr *trouble) air(t *testing.T, n int) {
	t.Helper()
	before := time.Now()
	for range n {
		tr.Segment(segment(tr.next))
		tr.next++
	}
	if d := time.Since(before); d != 0 {
		t.Errorf("live waited %v for the recording", d)
	}
}

// pass lets time pass.
func pass(d time.Duration) {
	timer := time.NewTimer(d)
	<-timer.C
	synctest.Wait()
}

// end ends the recording in order.
func (tr *trouble) end(t *testing.T) {
	t.Helper()
	tr.End()
	if err := <-tr.done; err != nil {
		t.Errorf("the end: %v", err)
	}
	tr.stop()
}

func TestRecordsWhatComes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := start(t)
		tr.air(t, 3)
		tr.Cue(1, 200000, []byte(`{"type":"show","product":{"no":7}}`))
		tr.end(t)
		want := []string{"take", "init", "segment", "segment", "segment", "cue", "end"}
		lines := tr.disk.journal()
		if len(lines) != len(want) {
			t.Fatalf("%d lines: %s", len(lines), lines)
		}
		for i, l := range lines {
			if !strings.Contains(l, `"type":"`+want[i]+`"`) {
				t.Errorf("line %d is no %s: %s", i, want[i], l)
			}
		}
		if s := tr.Status(); s.State != record.Fine || s.Segments != 3 || s.Written != 3*piece || s.Queued != 0 || s.Lost != 0 {
			t.Errorf("%+v", s)
		}
	})
}

// TestDiskTrouble: live waits for nothing, what is wrong is said once, and the
// recording goes on by itself.
func TestDiskTrouble(t *testing.T) {
	for name, tc := range map[string]struct {
		begin func(*memory)
		end   func(*memory)
		state record.State
		says  string
	}{
		"a disk that is full": {
			begin: func(m *memory) { m.err = fmt.Errorf("write: %w", syscall.ENOSPC) },
			end:   func(m *memory) { m.err = nil }, state: record.Full, says: "disk=full",
		},
		"a disk that is nearly full": {
			begin: func(m *memory) { m.free = record.MinFree - 1 },
			end:   func(m *memory) { m.free = record.MinFree }, state: record.Full, says: "the disk is nearly full",
		},
		"a disk mounted read-only": {
			begin: func(m *memory) { m.err = syscall.EROFS },
			end:   func(m *memory) { m.err = nil }, state: record.ReadOnly, says: "disk=read-only",
		},
		"a disk that breaks": {
			begin: func(m *memory) { m.err = syscall.EIO },
			end:   func(m *memory) { m.err = nil }, state: record.Failing, says: "input/output error",
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tr := start(t)
				tr.air(t, 2)
				synctest.Wait()
				tr.disk.set(func() { tc.begin(tr.disk) })
				tr.air(t, 10)
				pass(10 * time.Second)
				if s := tr.Status(); s.State != tc.state || s.Segments != 2 || s.Lost != 0 || s.Queued != 10*piece {
					t.Errorf("in trouble: %+v", s)
				}
				tr.disk.set(func() { tc.end(tr.disk) })
				pass(2 * time.Second)
				if s := tr.Status(); s.State != record.Fine || s.Segments != 12 || s.Lost != 0 || s.Err != nil {
					t.Errorf("afterwards: %+v", s)
				}
				tr.end(t)
				if said := tr.log.String(); strings.Count(said, "cannot be written") != 1 || strings.Count(said, "goes on") != 1 || !strings.Contains(said, tc.says) {
					t.Errorf("it says\n%s", said)
				}
			})
		})
	}
}

func TestDiskThatHangsCostsWholeSegments(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const room = record.MaxQueued / piece
		tr := start(t)
		tr.air(t, 1)
		synctest.Wait()
		hang := make(chan struct{})
		tr.disk.set(func() { tr.disk.hang = hang })
		tr.air(t, 1)
		pass(4 * time.Second)
		if s := tr.Status(); s.State != record.Slow || s.Lost != 0 {
			t.Errorf("a write hangs: %+v", s)
		}
		tr.air(t, room+9)
		if s := tr.Status(); s.Lost != 10 || s.Queued != record.MaxQueued {
			t.Errorf("the queue is full: %+v", s)
		}
		tr.disk.set(func() { tr.disk.hang = nil })
		close(hang)
		pass(2 * time.Second)
		if s := tr.Status(); s.State != record.Fine || s.Segments != room+1 || s.Queued != 0 {
			t.Errorf("the disk is back: %+v", s)
		}
		tr.air(t, 1)
		tr.end(t)
		lines := tr.disk.journal()
		lost := fmt.Sprintf(`{"type":"lost","take":100,"rendition":"source","from":%d,"to":%d,"segments":10}`, room+1, room+10)
		if n := len(lines); lines[n-3] != lost || !strings.Contains(lines[n-2], fmt.Sprintf(`"msn":%d`, room+11)) {
			t.Errorf("the end of the journal is %s\nwant %s", lines[n-3:], lost)
		}
		for msn := range tr.next {
			if want := msn <= room || msn == room+11; tr.disk.has(msn) != want {
				t.Errorf("segment %d on disk: %v", msn, !want)
			}
		}
	})
}

func TestWhatWasLostIsSaidAtTheEndToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := start(t)
		tr.disk.set(func() { tr.disk.err = syscall.ENOSPC })
		tr.air(t, record.MaxQueued/piece+5)
		tr.End()
		pass(3 * time.Second)
		tr.disk.set(func() { tr.disk.err = nil })
		if err := <-tr.done; err != nil {
			t.Error(err)
		}
		tr.stop()
		rec, err := record.ReadJournal(strings.NewReader(strings.Join(tr.disk.journal(), "\n") + "\n"))
		if err != nil || rec.Lost != 5 || !rec.Ended || rec.Torn != 0 {
			t.Errorf("%+v, %v", rec, err)
		}
	})
}

// TestServerGoesDownWhileTheDiskHangs: it is waited for, and not for ever.
func TestServerGoesDownWhileTheDiskHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := start(t)
		synctest.Wait()
		hang := make(chan struct{})
		tr.disk.set(func() { tr.disk.hang = hang })
		tr.air(t, 3)
		before := time.Now()
		tr.stop()
		tr.End()
		err := <-tr.done
		if d := time.Since(before); err == nil || !strings.Contains(err.Error(), "demo/SHOW") || d != 5*time.Second {
			t.Errorf("after %v: %v", d, err)
		}
		close(hang) // the goroutine that waited ends: goleak sees to it
	})
}

func TestServerGoesDownWhileTheDiskIsFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := start(t)
		synctest.Wait()
		tr.disk.set(func() { tr.disk.err = syscall.ENOSPC })
		tr.air(t, 3)
		tr.End()
		tr.stop()
		if err := <-tr.done; !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("%v", err)
		}
	})
}

// TestLineThatWasCutOffIsWrittenAgain: by a crash, or by a disk that is full.
func TestLineThatWasCutOffIsWrittenAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := &trouble{disk: newMemory(), log: &bytes.Buffer{}, done: make(chan error, 1)}
		whole := `{"type":"take","take":90,"v":1,"channel":"demo","show":"SHOW"}` + "\n"
		tr.disk.files["demo/SHOW/journal.jsonl"] = []byte(whole + `{"type":"segment","take":90,"rendi`)
		tr.Recorder = newRecorder(tr.disk, slog.New(slog.DiscardHandler))
		tr.disk.half = true
		tr.Init("source", 0, 90000, picture, []byte("init"))
		tr.air(t, 1)
		tr.End()
		if err := tr.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		text := strings.Join(tr.disk.journal(), "\n") + "\n"
		rec, err := record.ReadJournal(strings.NewReader(text))
		if err != nil || rec.Torn != 0 || !strings.HasPrefix(text, whole) || rec.Duration() != 2*time.Second {
			t.Errorf("%+v, %v\n%s", rec, err, text)
		}
	})
}

// TestNothingIsCopied: what the disk gets is what viewers get.
func TestNothingIsCopied(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := start(t)
		tr.air(t, 1)
		tr.end(t)
		if tr.disk.last != &big[0] {
			t.Error("the segment was copied")
		}
	})
}

func TestConcurrentUse(t *testing.T) {
	disk := newMemory()
	r := newRecorder(disk, slog.New(slog.DiscardHandler))
	done := make(chan error, 1)
	go func() { done <- r.Run(t.Context()) }()
	var writers sync.WaitGroup
	for i := range 4 {
		writers.Go(func() {
			for n := range 20 {
				s := segment(i*100 + n)
				s.Size, s.Data = 10, pieces(big[:10])
				r.Segment(s)
				r.Status()
			}
		})
	}
	writers.Wait()
	r.End()
	if err := <-done; err != nil || r.Status().Segments != 80 {
		t.Errorf("%+v, %v", r.Status(), err)
	}
}

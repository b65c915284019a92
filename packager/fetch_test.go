package packager_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"vitrine/packager/asset"
)

func reload(rendition string, msn int64, part int) asset.Request {
	return asset.Request{Kind: asset.Playlist, Rendition: rendition, Blocking: true, Reload: asset.Position{MSN: msn, Part: part}}
}

func TestReloadDirectives(t *testing.T) {
	s := newStudio(t, nil)
	s.run(200) // three segments, and a part of the fourth
	for name, tc := range map[string]struct {
		msn  int64
		part int
		err  error
	}{
		"a segment long gone is answered at once":             {epoch - 100, -1, nil},
		"a segment that is listed":                            {epoch + 1, -1, nil},
		"the part that is last":                               {epoch + 3, 0, nil},
		"a part beyond the end of a segment is the next's":    {epoch + 2, 9, nil},
		"three segments ahead":                                {epoch + 5, -1, asset.ErrBadRequest},
		"more parts ahead than the Advance Part Limit allows": {epoch + 3, 12, asset.ErrBadRequest},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := s.fetch(reload("source", tc.msn, tc.part)); !errors.Is(err, tc.err) {
				t.Errorf("%v, want %v", err, tc.err)
			}
		})
	}
}

func TestReloadWaitsForItsPart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStudio(t, nil)
		s.run(200)
		const waiters = 100
		var woken sync.WaitGroup
		for range waiters {
			woken.Go(func() {
				b, err := s.fetch(reload("source", epoch+3, 2))
				if err != nil || !strings.Contains(string(b), fmt.Sprintf("%d.2.m4s\"\n", epoch+3)) {
					t.Errorf("%v\n%s", err, b)
				}
			})
		}
		gone, leave := context.WithCancel(t.Context())
		left := make(chan error)
		go func() {
			_, err := s.Fetch(gone, reload("source", epoch+3, 2))
			left <- err
		}()
		synctest.Wait()
		leave()
		if err := <-left; !errors.Is(err, context.Canceled) {
			t.Errorf("one who leaves: %v", err)
		}
		s.run(15)
		woken.Wait()
	})
}

func TestHintedPartIsHeldUntilItIsWhole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStudio(t, nil)
		s.run(200)
		hinted := asset.Request{Kind: asset.Part, Rendition: "source", Epoch: epoch, MSN: epoch + 3, Part: 1}
		got := make(chan []byte)
		go func() {
			b, err := s.fetch(hinted)
			if err != nil {
				t.Error(err)
			}
			got <- b
		}()
		synctest.Wait()
		select {
		case <-got:
			t.Fatal("it came before it was whole")
		default:
		}
		s.run(15)
		again, err := s.fetch(hinted)
		if b := <-got; err != nil || len(b) == 0 || string(b) != string(again) {
			t.Errorf("%d bytes, later %d, %v", len(b), len(again), err)
		}
		for name, r := range map[string]asset.Request{
			"a part that is not hinted":      {Kind: asset.Part, Rendition: "source", Epoch: epoch, MSN: epoch + 4, Part: 3},
			"a segment that is not complete": {Kind: asset.Segment, Rendition: "source", Epoch: epoch, MSN: epoch + 3},
			"another show's segment":         {Kind: asset.Segment, Rendition: "source", Epoch: epoch - 1, MSN: epoch},
			"an unknown rendition":           {Kind: asset.Playlist, Rendition: "4320p"},
			"an unknown init":                {Kind: asset.Init, Rendition: "source", Epoch: epoch, MSN: 1},
		} {
			if _, err := s.fetch(r); !errors.Is(err, asset.ErrNotFound) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

func TestStalledProgramTimesOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStudio(t, nil)
		s.run(200)
		began := time.Now()
		_, err := s.Fetch(t.Context(), reload("source", epoch+3, 5))
		if waited := time.Since(began); !errors.Is(err, asset.ErrTimeout) || waited != 6*time.Second {
			t.Errorf("after %v: %v", waited, err)
		}
	})
}

func TestRemovedSegmentsStayForAWhile(t *testing.T) {
	s := newStudio(t, nil)
	s.run(60 * 16)
	list := s.playlist("source")
	if strings.Contains(list, fmt.Sprintf("%d.m4s", epoch)) {
		t.Fatalf("the first segment is still listed\n%s", list)
	}
	if _, err := s.fetch(asset.Request{Kind: asset.Segment, Rendition: "source", Epoch: epoch, MSN: epoch}); err != nil {
		t.Errorf("a segment just removed: %v", err)
	}
	s.run(60 * 20)
	if _, err := s.fetch(asset.Request{Kind: asset.Segment, Rendition: "source", Epoch: epoch, MSN: epoch}); !errors.Is(err, asset.ErrNotFound) {
		t.Errorf("a segment removed long ago: %v", err)
	}
}

func TestEndWakesWhoWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStudio(t, nil)
		s.run(200)
		got := make(chan string)
		go func() {
			b, err := s.fetch(reload("audio", epoch+3, 5))
			if err != nil {
				t.Error(err)
			}
			got <- string(b)
		}()
		synctest.Wait()
		s.End()
		if list := <-got; !strings.HasSuffix(list, "#EXT-X-ENDLIST\n") {
			t.Error(list)
		}
	})
}

func TestNothingToPlayTimesOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStudio(t, nil)
		if _, err := s.Fetch(t.Context(), asset.Request{Kind: asset.Multivariant}); !errors.Is(err, asset.ErrTimeout) {
			t.Error(err)
		}
	})
}

// The host ends the show in its first second, or its encoder never sends a keyframe.
func TestShowThatEndsBeforeItBegins(t *testing.T) {
	s := newStudio(t, nil)
	s.run(10)
	s.End()
	for _, output := range []asset.Output{asset.LowLatency, asset.Legacy, asset.DASH} {
		for _, kind := range []asset.Kind{asset.Multivariant, asset.Playlist} {
			if _, err := s.fetch(asset.Request{Output: output, Kind: kind, Rendition: "source"}); !errors.Is(err, asset.ErrNotFound) {
				t.Errorf("output %d, kind %d: %v", output, kind, err)
			}
		}
	}
}

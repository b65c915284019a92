package packager

import (
	"sync"
	"syscall"
	"testing"
	"time"
)

// BenchmarkWake2000 publishes a version that 2,000 waiters wait for, and waits
// until all of them wait for the next one. The figure that counts is cpu-ms/op:
// what the whole process spent, on all cores.
func BenchmarkWake2000(b *testing.B) {
	const waiters = 2000
	w := newWindow(&Snapshot{changed: make(chan struct{})})
	var woken sync.WaitGroup // each waiter that has seen the newest version
	var gone sync.WaitGroup
	woken.Add(waiters)
	for range waiters {
		gone.Go(func() {
			var seen *Snapshot
			for {
				s, err := w.Wait(b.Context(), func(s *Snapshot) bool { return s != seen })
				woken.Done()
				if err != nil {
					b.Error(err)
					return
				}
				if s.Ended() {
					return
				}
				seen = s
			}
		})
	}
	woken.Wait()
	before := cpuTime(b)
	for b.Loop() {
		woken.Add(waiters)
		w.publish(&Snapshot{changed: make(chan struct{})})
		woken.Wait()
	}
	spent := cpuTime(b) - before
	b.ReportMetric(float64(spent)/float64(time.Millisecond)/float64(b.N), "cpu-ms/op")
	end := &Snapshot{changed: make(chan struct{})}
	end.list.Ended = true
	woken.Add(waiters)
	w.publish(end)
	gone.Wait()
}

// cpuTime returns the processor time that the process has used.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

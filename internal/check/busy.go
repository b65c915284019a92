package check

import (
	"context"
	"net"
	"os"
	"strconv"
	"strings"
	"time"
)

// pressureEvery is how often the kernel renews what it says of CPU pressure.
const pressureEvery = 2 * time.Second

// pressureFile is where Linux says how long tasks waited for a CPU; elsewhere
// there is none, and nothing is allowed for.
const pressureFile = "/proc/pressure/cpu"

// strain notes for how long somebody on this machine had to wait for a CPU. It
// matters where the server runs here too: then what is late may be so because
// of the watch, or of whatever else runs, and not because of the server.
func (r *runner) strain(ctx context.Context) {
	before, ok := stalled(pressureFile)
	since := time.Now()
	for ok && ctx.Err() == nil {
		wait(ctx, pressureEvery)
		var now time.Duration
		if now, ok = stalled(pressureFile); !ok {
			return
		}
		at := time.Now()
		r.rec.pause(since.Add(-pressureEvery), at, now-before)
		before, since = now, at
	}
}

// stalled reads the time for which some task has waited for a CPU since boot.
func stalled(file string) (time.Duration, bool) {
	b, err := os.ReadFile(file)
	if err != nil {
		return 0, false
	}
	line, _, _ := strings.Cut(string(b), "\n")
	_, total, found := strings.Cut(line, "total=")
	us, err := strconv.ParseInt(strings.TrimSpace(total), 10, 64)
	return time.Duration(us) * time.Microsecond, found && err == nil
}

// isHere reports whether a host is this machine by its very name.
func isHere(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"vitrine/internal/synth"
)

const (
	nominal  = 2 * time.Second // segment
	inFlight = time.Second     // between the camera and the disk, on a busy machine
)

// host is a synthetic host, who is on air until the server dies.
func (s *serving) host(t *testing.T, product int) *synth.Host {
	t.Helper()
	h, err := synth.New(synth.Config{
		URL:   s.find(t, `Server\s+(rtmp://\S+)`) + "/" + s.find(t, `Stream Key\s+(\w+)`),
		Width: 640, Height: 360, Preset: "ultrafast", Product: product, Bitrate: 500_000,
		ToneHz: 200 + product, // no two hosts sound the same
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := h.Run(ctx); err != nil {
			t.Logf("the host went off air: %v", err) // the server was killed
		}
	}()
	t.Cleanup(func() { cancel(); <-done })
	return h
}

// show has the host take a product, and returns where the cue is on the take's
// timeline, in seconds.
func (s *serving) show(t *testing.T, h *synth.Host, product int) float64 {
	t.Helper()
	at, err := h.SetProduct(t.Context(), product)
	if err != nil {
		t.Fatal(err)
	}
	status, answer := s.ask(t, http.MethodPost, "/api/v1/channels/demo/cues", fmt.Sprintf(`{"type":"show","product":%d,"at":%q}`, product, at.UTC().Format(time.RFC3339Nano)))
	var cue struct {
		Media float64 `json:"media_time"`
	}
	if err := json.Unmarshal([]byte(answer), &cue); err != nil || status != http.StatusCreated {
		t.Fatalf("%d %s %v", status, answer, err)
	}
	return cue.Media
}

// recorded returns the segments on disk, by folder: TAKE/RENDITION.
func recorded(t *testing.T, dir string) map[string][]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "data", "recordings", "demo", "*", "*", "*", "*.m4s"))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]string{}
	for _, f := range files {
		out[filepath.Dir(f)] = append(out[filepath.Dir(f)], f)
	}
	return out
}

// await waits until so many takes have n segments of picture and sound.
func await(t *testing.T, dir string, takes, n int) {
	t.Helper()
	patience := time.After(40 * time.Second)
	again := time.NewTicker(100 * time.Millisecond)
	defer again.Stop()
	for {
		ready, have := 0, recorded(t, dir)
		for _, files := range have {
			if len(files) >= n {
				ready++
			}
		}
		if ready == 2*takes {
			return
		}
		select {
		case <-again.C:
		case <-patience:
			t.Fatalf("on disk are %v", have)
		}
	}
}

// tool runs a tool that must succeed and complain of nothing.
func tool(t *testing.T, name string, args ...string) []byte {
	t.Helper()
	var out, stderr bytes.Buffer
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Stdout, cmd.Stderr = &out, &stderr
	if err := cmd.Run(); err != nil || stderr.Len() > 0 {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, stderr.String())
	}
	return out.Bytes()
}

// packets returns when each packet of a track is shown, in seconds, by its hash.
func packets(t *testing.T, file, track string) map[string]float64 {
	t.Helper()
	out := tool(t, "ffprobe", "-v", "error", "-select_streams", track, "-show_packets", "-show_data_hash", "md5",
		"-show_entries", "packet=pts_time,data_hash", "-of", "csv=p=0", file)
	times := map[string]float64{}
	for line := range strings.Lines(string(out)) {
		fields := strings.Split(strings.TrimSpace(line), ",")
		at, err := strconv.ParseFloat(fields[0], 64)
		if err != nil {
			t.Fatalf("packet %q: %v", line, err)
		}
		times[fields[1]] = at
	}
	return times
}

// sight is a frame of an export.
type sight struct {
	at float64 // s
	synth.Stamp
}

// sights decodes every frame of a file and reads its barcode.
func sights(t *testing.T, file string) []sight {
	t.Helper()
	const w, h = 320, 180
	pixels := tool(t, "ffmpeg", "-v", "error", "-xerror", "-i", file, "-map", "0:v", "-vf", "scale=320:180", "-pix_fmt", "gray",
		"-fps_mode", "passthrough", "-f", "rawvideo", "-")
	tool(t, "ffmpeg", "-v", "error", "-xerror", "-i", file, "-map", "0:a", "-f", "null", "-")
	var times []float64
	for _, at := range packets(t, file, "v") {
		times = append(times, at)
	}
	slices.Sort(times)
	if len(pixels) != w*h*len(times) {
		t.Fatalf("%d frames come out of %d packets", len(pixels)/w/h, len(times))
	}
	out := make([]sight, len(times))
	for i := range out {
		stamp, ok := synth.Decode(pixels[i*w*h:(i+1)*w*h], w, h)
		if !ok {
			t.Fatalf("frame %d of %s has no barcode", i, file)
		}
		out[i] = sight{times[i], stamp}
	}
	return out
}

type chapter struct {
	Start float64 `json:"start_time,string"`
	Tags  struct{ Title string }
}

func chapters(t *testing.T, file string) []chapter {
	t.Helper()
	var p struct{ Chapters []chapter }
	if err := json.Unmarshal(tool(t, "ffprobe", "-v", "error", "-show_chapters", "-of", "json", file), &p); err != nil {
		t.Fatal(err)
	}
	return p.Chapters
}

// shift returns by how many seconds the packets of a take were moved on their way
// into an export: all of them alike.
func shift(t *testing.T, export, track, folder string, files []string) float64 {
	t.Helper()
	raw := filepath.Join(t.TempDir(), "raw.mp4")
	var all []byte
	for _, name := range append([]string{filepath.Join(folder, "init0.mp4")}, files...) {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, b...)
	}
	if err := os.WriteFile(raw, all, 0o600); err != nil {
		t.Fatal(err)
	}
	have := packets(t, export, track)
	lowest, highest := 1e9, -1e9
	for hash, at := range packets(t, raw, "0") {
		to, ok := have[hash]
		if !ok {
			t.Fatalf("what %s holds at %v s is not in the export", folder, at)
		}
		lowest, highest = min(lowest, to-at), max(highest, to-at)
	}
	if highest-lowest > 0.001 {
		t.Errorf("%s is moved by %.4f to %.4f s", folder, lowest, highest)
	}
	return lowest
}

// exportShow runs the command and returns the file, and what it said.
func exportShow(t *testing.T, dir, show string) (file, said string) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "show.mp4")
	out, err := command(t, dir, nil, "export", show, "-o", file).CombinedOutput()
	if err != nil {
		t.Fatalf("export: %v\n%s", err, out)
	}
	return file, string(out)
}

// TestCrashDoesNotLoseTheEvening: after kill -9 all but the last segment is on
// disk; the show goes on in the same recording; an export has picture, sound and
// chapters where they belong.
func TestCrashDoesNotLoseTheEvening(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "products.csv", "no,sku,title,price,currency\n3,WIG-3,Honey curls,34.90,USD\n7,WIG-7,Auburn wave,29.90,USD\n")
	put(t, dir, "vitrine.yaml", "channels:\n  demo: {catalogue: products.csv, ladder: source, record: true}\n")
	first := startServer(t, dir)
	host := first.host(t, 1)
	await(t, dir, 1, 2)
	cues := []float64{first.show(t, host, 7)}
	await(t, dir, 1, 5)
	if err := first.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	killed := time.Now()
	_ = first.cmd.Wait()

	list, err := command(t, dir, nil, "export").CombinedOutput()
	show := strings.Fields(string(list[bytes.IndexByte(list, '\n')+1:]))[0]
	if err == nil || !strings.Contains(string(list), "not ended") {
		t.Fatalf("%v\n%s", err, list)
	}
	file, said := exportShow(t, dir, show)
	seen := sights(t, file)
	if lost := killed.Sub(seen[len(seen)-1].At); lost > nominal+inFlight {
		t.Errorf("the last %v are lost\n%s", lost, said)
	}
	if length := seen[len(seen)-1].At.Sub(seen[0].At).Seconds(); length < 8 || seen[len(seen)-1].at-length > 0.1 || seen[len(seen)-1].at-length < -0.1 {
		t.Errorf("%.2f s were captured, and take %.2f s", length, seen[len(seen)-1].at)
	}

	second := startServer(t, dir)
	host = second.host(t, 7)
	await(t, dir, 2, 2)
	cues = append(cues, second.show(t, host, 3))
	await(t, dir, 2, 5)
	file, said = exportShow(t, dir, show) // still on air
	if !strings.Contains(said, "had not ended") {
		t.Errorf("it says %s", said)
	}
	audit(t, dir, file, cues)
	if err := second.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := second.cmd.Wait(); err != nil {
		t.Errorf("after SIGTERM: %v", err)
	}
	if list, _ := command(t, dir, nil, "export", "NONE").CombinedOutput(); strings.Count(string(list), "\n") != 2 || strings.Contains(string(list), "not ended") {
		t.Errorf("after SIGTERM: %s", list)
	}
}

// audit holds an export of two takes against what is on disk and what was said
// of the cues.
func audit(t *testing.T, dir, file string, cues []float64) {
	t.Helper()
	const frame = 1.0 / 30
	have, marks, seen := recorded(t, dir), chapters(t, file), sights(t, file)
	var folders []string
	for f := range have {
		if filepath.Base(f) == "source" {
			folders = append(folders, f)
		}
	}
	slices.Sort(folders)
	if len(folders) != 2 || len(marks) != 3 {
		t.Fatalf("takes %v, chapters %+v", folders, marks)
	}
	for i, folder := range folders {
		// The export began before the newest segments were there.
		files := have[folder][:4]
		sound := filepath.Join(filepath.Dir(folder), "audio")
		picture := shift(t, file, "v", folder, files)
		if off := shift(t, file, "a", sound, have[sound][:4]) - picture; off > 0.001 || off < -0.001 {
			t.Errorf("sound is %.4f s late in %s", off, folder)
		}
		mark, title, product := marks[i+1], []string{"7 Auburn wave", "3 Honey curls"}[i], []int{7, 3}[i]
		if off := mark.Start - cues[i] - picture; mark.Tags.Title != title || off > frame || off < -frame {
			t.Errorf("chapter %q at %.3f s is %.3f s off its cue", mark.Tags.Title, mark.Start, off)
		}
		n := slices.IndexFunc(seen, func(s sight) bool { return s.Product == product })
		if n < 0 {
			t.Fatalf("nobody holds product %d", product)
		}
		t.Logf("product %d is held from %.3f s on, its chapter begins at %.3f s", product, seen[n].at, mark.Start)
		if off := mark.Start - seen[n].at; off > 0.5 || off < -0.5 {
			t.Errorf("the chapter of product %d is %.3f s off the picture", product, off)
		}
	}
}

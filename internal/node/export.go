package node

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"

	"vitrine/packager/record"
	"vitrine/transcode"
)

// ExportConfig says which recording to make a file of.
type ExportConfig struct {
	Data      string // the node's data folder; the node may be running
	FFmpeg    string // program; empty for the one on PATH
	Show      string // id of the show, or as much of it as is needed
	Rendition string // empty: the best picture that was recorded
	Out       string // empty: SHOW.mp4 in the working folder

	// Progress, if set, is told how much of the recording has been read, in bytes.
	Progress func(done, total int64)
}

// Exported is what came of an export.
type Exported struct {
	record.Exported
	Out string
}

// Export makes one MP4 of a show that was recorded. An unknown show is an error
// that lists those there are.
func Export(ctx context.Context, cfg ExportConfig) (Exported, error) {
	root := filepath.Join(cfg.Data, recordings)
	all := os.DirFS(root)
	folder, err := findShow(all, root, cfg.Show)
	if err != nil {
		return Exported{}, err
	}
	ffmpeg, err := exec.LookPath(cmp.Or(cfg.FFmpeg, "ffmpeg"))
	if err != nil {
		return Exported{}, fmt.Errorf("%w: %w", transcode.ErrNoFFmpeg, err)
	}
	out := cmp.Or(cfg.Out, path.Base(folder)+".mp4")
	done, err := record.Export(ctx, record.ExportConfig{
		FS: all, Folder: folder, Rendition: cfg.Rendition, Out: out, FFmpeg: ffmpeg, Progress: cfg.Progress,
	})
	return Exported{done, out}, err
}

// findShow returns the folder of the one show whose id begins with id.
func findShow(all fs.FS, root, id string) (string, error) {
	folders, err := record.List(all)
	if err != nil {
		return "", fmt.Errorf("recordings in %s: %w", root, err)
	}
	var found []string
	for _, f := range folders {
		if path.Base(f) == id {
			return f, nil
		}
		if strings.HasPrefix(path.Base(f), strings.ToUpper(id)) {
			found = append(found, f)
		}
	}
	switch {
	case len(folders) == 0:
		return "", fmt.Errorf("nothing is recorded in %s: set record: true on a channel, or say with --data where the server keeps its data", root)
	case id == "":
		return "", errors.New("which show? " + describeShows(all, folders))
	case len(found) == 0:
		return "", fmt.Errorf("there is no show %q: %s", id, describeShows(all, folders))
	case len(found) > 1:
		return "", fmt.Errorf("%q may be any of these: %s", id, describeShows(all, found))
	}
	return found[0], nil
}

// describeShows lists recordings, a line each.
func describeShows(all fs.FS, folders []string) string {
	var b strings.Builder
	b.WriteString("recorded are")
	for _, f := range folders {
		rec, err := record.Read(all, f)
		if err != nil {
			fmt.Fprintf(&b, "\n  %s  %v", path.Base(f), err)
			continue
		}
		state := "not ended"
		if rec.Ended {
			state = "ended"
		}
		fmt.Fprintf(&b, "\n  %s  %s  %s  %v  %s", path.Base(f), path.Dir(f), rec.Started.Local().Format("2006-01-02 15:04"),
			rec.Duration().Round(1e9), state)
	}
	return b.String()
}

package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"sync"
	"time"

	"vitrine/internal/node"
)

type export struct {
	Show string `arg:"" optional:"" help:"Id of the show, or its beginning; without it the recordings are listed."`

	Config    string `help:"Configuration file (YAML)." env:"VITRINE_CONFIG" placeholder:"vitrine.yaml"`
	Data      string `help:"Data folder of the server, which may be running." env:"VITRINE_DATA" placeholder:"./data"`
	FFmpeg    string `name:"ffmpeg" help:"FFmpeg program; the one on PATH if not given." env:"VITRINE_FFMPEG" placeholder:"ffmpeg"`
	Rendition string `help:"Picture to export; the best that was recorded if not given." placeholder:"source"`
	Out       string `short:"o" help:"File to write; SHOW.mp4 if not given." placeholder:"FILE" type:"path"`
}

// Run makes one MP4 of a recorded show.
func (e *export) Run(ctx context.Context) error {
	f, err := readFile(e.Config)
	if err != nil {
		return err
	}
	p := &progress{}
	done, err := node.Export(ctx, node.ExportConfig{
		Data: cmp.Or(e.Data, f.Data, defaultData), FFmpeg: cmp.Or(e.FFmpeg, f.FFmpeg),
		Show: e.Show, Rendition: e.Rendition, Out: e.Out, Progress: p.say,
	})
	p.end()
	if err != nil {
		return err
	}
	fmt.Printf("%s: %v, %d chapters\n", done.Out, done.Duration.Round(time.Second), done.Chapters)
	if done.Missing > 0 {
		fmt.Printf("%d segments are not in it, since the disk did not take them.\n", done.Missing)
	}
	if done.Recoded {
		fmt.Println("The picture or the sound changed its format during the show, so that track was coded again.")
	}
	if done.OnAir {
		fmt.Println("The show had not ended: this is what there was of it.")
	}
	return nil
}

// progress is a line on stderr that overwrites itself.
type progress struct {
	mu   sync.Mutex
	last int64 // per mille
	said bool
}

func (p *progress) say(done, total int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := done * 1000 / max(total, 1)
	if now == p.last {
		return
	}
	p.last, p.said = now, true
	fmt.Fprintf(os.Stderr, "\r%5.1f %%", float64(now)/10)
}

func (p *progress) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.said {
		fmt.Fprintln(os.Stderr)
	}
}

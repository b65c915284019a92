package record

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"vitrine/internal/media"
)

// opening is the chapter before the first product.
const opening = "Opening"

// chapter is a stretch of an export about one product.
type chapter struct {
	from  media.Ticks
	title string
}

// chapters makes one of each cue that shows a product. There is none longer
// than the export, and of two at the same instant the later one holds.
func chapters(cues []Entry, line timeline) []chapter {
	var list []chapter
	for _, c := range cues {
		title, ok := chapterTitle(c.Payload)
		if !ok {
			continue
		}
		if at, ok := line.place(c.Take, c.At); ok && at < line.duration() {
			list = append(list, chapter{at, title})
		}
	}
	slices.SortStableFunc(list, func(a, b chapter) int { return int(a.from - b.from) })
	list = slices.CompactFunc(list, func(a, b chapter) bool { return a == b })
	for i := len(list) - 2; i >= 0; i-- {
		if list[i].from == list[i+1].from {
			list = slices.Delete(list, i, i+1)
		}
	}
	if len(list) > 0 && list[0].from > 0 {
		list = slices.Insert(list, 0, chapter{0, opening})
	}
	return list
}

// chapterTitle returns what a cue's product is called: its number and title.
func chapterTitle(payload []byte) (string, bool) {
	var cue struct {
		Type    string
		Product struct {
			No    int
			Title string
		}
	}
	if json.Unmarshal(payload, &cue) != nil || cue.Type != "show" {
		return "", false
	}
	return strings.TrimSpace(fmt.Sprintf("%d %s", cue.Product.No, cue.Product.Title)), true
}

// metadata returns the chapters as FFmpeg reads them.
func metadata(title string, list []chapter, end media.Ticks) string {
	var b strings.Builder
	fmt.Fprintf(&b, ";FFMETADATA1\ntitle=%s\n", escapeMetadata(title))
	for i, c := range list {
		to := end
		if i+1 < len(list) {
			to = list[i+1].from
		}
		fmt.Fprintf(&b, "[CHAPTER]\nTIMEBASE=1/%d\nSTART=%d\nEND=%d\ntitle=%s\n", media.TicksPerSecond, c.from, to, escapeMetadata(c.title))
	}
	return b.String()
}

// metadataSpecial are the characters that FFmpeg's format escapes; a line ends there.
var metadataSpecial = strings.NewReplacer(`\`, `\\`, "=", `\=`, ";", `\;`, "#", `\#`, "\n", " ", "\r", " ", "\x00", "")

func escapeMetadata(s string) string { return metadataSpecial.Replace(s) }

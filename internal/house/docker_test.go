package house

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// stage is one FROM of the Dockerfile and the instructions under it.
type stage struct {
	image, name  string
	instructions [][]string // words, the instruction first
}

// readDockerfile returns the stages of the Dockerfile, continued lines joined.
func readDockerfile(t *testing.T) []stage {
	t.Helper()
	var stages []stage
	joined := strings.ReplaceAll(read(t, "Dockerfile"), "\\\n", " ")
	for line := range strings.Lines(joined) {
		words := strings.Fields(line)
		switch {
		case len(words) == 0 || strings.HasPrefix(words[0], "#"):
		case words[0] == "FROM":
			words = slices.DeleteFunc(words[1:], func(w string) bool { return strings.HasPrefix(w, "--") })
			s := stage{image: words[0]}
			if len(words) == 3 && strings.EqualFold(words[1], "AS") {
				s.name = words[2]
			}
			stages = append(stages, s)
		case len(stages) > 0:
			last := &stages[len(stages)-1]
			last.instructions = append(last.instructions, words)
		}
	}
	if len(stages) != 3 {
		t.Fatalf("the Dockerfile has %d stages, want node, go and debian", len(stages))
	}
	return stages
}

// of returns the arguments of each such instruction of the stage.
func (s stage) of(instruction string) [][]string {
	var found [][]string
	for _, words := range s.instructions {
		if words[0] == instruction {
			found = append(found, words[1:])
		}
	}
	return found
}

func TestDockerfileVersions(t *testing.T) {
	stages := readDockerfile(t)
	goVersion := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(read(t, "go.mod"))
	nodeVersion := regexp.MustCompile(`"node": *">=(\d+)`).FindStringSubmatch(read(t, "overlay/web/package.json"))
	if goVersion == nil || nodeVersion == nil {
		t.Fatal("go.mod or package.json states no version")
	}
	want := []string{"node:" + nodeVersion[1] + "-bookworm-slim", "golang:" + goVersion[1] + "-bookworm", "debian:bookworm-slim"}
	for i, s := range stages {
		if s.image != want[i] {
			t.Errorf("stage %d is made from %s, want %s", i+1, s.image, want[i])
		}
	}
}

func TestDockerfileSources(t *testing.T) {
	stages := readDockerfile(t)
	ignored := strings.Fields(read(t, ".dockerignore"))
	for _, s := range stages {
		for _, args := range s.of("COPY") {
			if from, ok := strings.CutPrefix(args[0], "--from="); ok {
				if !slices.ContainsFunc(stages, func(o stage) bool { return o.name == from }) {
					t.Errorf("COPY --from=%s: no such stage", from)
				}
				continue
			}
			for _, source := range args[:len(args)-1] {
				if _, err := os.Stat(fromRoot(source)); err != nil {
					t.Errorf("COPY: %v", err)
				}
				if slices.Contains(ignored, filepath.Clean(source)) {
					t.Errorf("COPY %s: .dockerignore leaves it out", source)
				}
			}
		}
	}
}

func TestDockerfileRuns(t *testing.T) {
	last := readDockerfile(t)[2]
	users := last.of("USER")
	if len(users) == 0 || slices.Contains([]string{"root", "0"}, users[len(users)-1][0]) {
		t.Error("the image runs as root")
	}
	for _, instruction := range []string{"HEALTHCHECK", "ENTRYPOINT", "EXPOSE", "VOLUME"} {
		if len(last.of(instruction)) == 0 {
			t.Errorf("the image has no %s", instruction)
		}
	}
	if run := last.of("RUN"); len(run) == 0 || !slices.Contains(run[0], "ffmpeg") || !slices.Contains(run[0], "ca-certificates") {
		t.Error("the image has no ffmpeg or no ca-certificates")
	}
}

package house

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// topLevel is all that may lie at the root beside dotfiles and what .gitignore names.
var topLevel = []string{
	"cmd", "ingest", "transcode", "packager", "overlay", "edge", "testdata", "internal", "docs", "deploy",
	"go.mod", "go.sum", "Dockerfile", "Makefile", "README.md", "LICENSE", "CONTRIBUTING.md", "CHANGELOG.md",
}

// fromRoot returns the path of a file of the repository.
func fromRoot(name string) string { return filepath.Join("..", "..", filepath.FromSlash(name)) }

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(fromRoot(name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestTopLevel(t *testing.T) {
	ignored := read(t, ".gitignore")
	entries, err := os.ReadDir(fromRoot("."))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		name := e.Name()
		if !strings.HasPrefix(name, ".") && !slices.Contains(topLevel, name) && !strings.Contains(ignored, "/"+name+"/") {
			t.Errorf("%s has no place at the top level", name)
		}
	}
}

// TestPackageComments: every package says its direction in doc.go.
func TestPackageComments(t *testing.T) {
	comment := regexp.MustCompile(`(?m)^// (Package|Command) \S+`)
	for _, p := range listPackages(t) {
		b, err := os.ReadFile(filepath.Join(p.Dir, "doc.go"))
		if err != nil {
			t.Errorf("%s: %v", p.ImportPath, err)
		} else if !comment.Match(b) {
			t.Errorf("%s: doc.go has no package comment", p.ImportPath)
		}
	}
}

// TestLockHasNoAddresses: a lock file with download addresses binds every
// checkout to the registry of whoever wrote it.
func TestLockHasNoAddresses(t *testing.T) {
	var lock struct {
		Packages map[string]struct {
			Resolved  string `json:"resolved"`
			Integrity string `json:"integrity"`
			Link      bool   `json:"link"`
		} `json:"packages"`
	}
	if err := json.Unmarshal([]byte(read(t, "overlay/web/package-lock.json")), &lock); err != nil {
		t.Fatal(err)
	}
	if len(lock.Packages) < 2 {
		t.Fatal("package-lock.json lists no packages")
	}
	for name, p := range lock.Packages {
		if p.Resolved != "" {
			t.Errorf("%s: resolved %s, run npm with omit-lockfile-registry-resolved", name, p.Resolved)
		}
		if name != "" && !p.Link && p.Integrity == "" {
			t.Errorf("%s: no integrity", name)
		}
	}
}

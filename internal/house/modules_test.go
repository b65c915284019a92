package house

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// requirement is one line of go.mod's require blocks.
type requirement struct {
	module, version string
	indirect        bool
}

func requirements(t *testing.T) []requirement {
	t.Helper()
	line := regexp.MustCompile(`(?m)^(?:require)?\s+(\S+) (v\S+)( // indirect)?$`)
	var rs []requirement
	for _, m := range line.FindAllStringSubmatch(read(t, "go.mod"), -1) {
		rs = append(rs, requirement{module: m[1], version: m[2], indirect: m[3] != ""})
	}
	if len(rs) == 0 {
		t.Fatal("go.mod requires nothing")
	}
	return rs
}

// TestRequirements holds go.mod against the imports, tests included: what is
// imported is required directly, and nothing else is.
func TestRequirements(t *testing.T) {
	rs := requirements(t)
	used := map[string]bool{}
	for _, p := range listPackages(t) {
		for _, imported := range slices.Concat(p.Imports, p.TestImports, p.XTestImports) {
			domain, _, _ := strings.Cut(imported, "/")
			if !strings.Contains(domain, ".") {
				continue // the standard library, or ours
			}
			i := slices.IndexFunc(rs, func(r requirement) bool {
				return imported == r.module || strings.HasPrefix(imported, r.module+"/")
			})
			if i < 0 {
				t.Errorf("%s imports %s, which go.mod does not require", p.ImportPath, imported)
				continue
			}
			used[rs[i].module] = true
		}
	}
	for _, r := range rs {
		switch {
		case r.indirect && used[r.module]:
			t.Errorf("go.mod: %s is imported, so it is not indirect", r.module)
		case !r.indirect && !used[r.module]:
			t.Errorf("go.mod: nothing imports %s, so it is indirect or superfluous", r.module)
		}
	}
}

const decisionsFile = "docs/decisions/0001-dependencies.md"

// TestDecisions: every dependency that we chose has its line in docs/decisions,
// with the version that go.mod pins, and no other has.
func TestDecisions(t *testing.T) {
	decisions := read(t, decisionsFile)
	lines := 0
	for _, r := range requirements(t) {
		if r.indirect {
			continue
		}
		if !strings.Contains(decisions, "| "+r.module+" | "+r.version+" |") {
			t.Errorf("%s has no line for %s %s", decisionsFile, r.module, r.version)
		}
		lines++
	}
	if have := len(regexp.MustCompile(`(?m)^\| \S+ \| v\S+ \|`).FindAllString(decisions, -1)); have > lines {
		t.Errorf("%s has %d lines, go.mod %d direct requirements", decisionsFile, have, lines)
	}
}

// TestWebDecisions: so has every dependency of the web pages, pinned exactly.
func TestWebDecisions(t *testing.T) {
	const file = "overlay/web/package.json"
	var web struct{ Dependencies, DevDependencies map[string]string }
	if err := json.Unmarshal([]byte(read(t, file)), &web); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	decisions := read(t, decisionsFile)
	for _, group := range []map[string]string{web.Dependencies, web.DevDependencies} {
		for name, version := range group {
			if !strings.Contains(decisions, "| "+name+" | "+version+" |") {
				t.Errorf("%s has no line for %s %s", decisionsFile, name, version)
			}
		}
	}
	want := len(web.Dependencies) + len(web.DevDependencies)
	if have := len(regexp.MustCompile(`(?m)^\| \S+ \| \d\S* \|`).FindAllString(decisions, -1)); have != want {
		t.Errorf("%s has %d lines for the web, %s %d dependencies", decisionsFile, have, file, want)
	}
}

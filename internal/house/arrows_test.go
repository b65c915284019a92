package house

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "carry the table of arrows to .golangci.yml")

const module = "vitrine"

// all stands for every package of ours.
const all = "*"

// arrows is the table of design: which of our packages a package may import, its
// tests apart. Data flows downstream, imports point upstream. A name ending in
// /* stands for the packages one level below that have no row of their own.
var arrows = []struct {
	of  string
	may []string
}{
	{"internal/check", nil},
	{"internal/media", nil},
	{"internal/house", nil},
	{"internal/synth", nil},

	{"ingest", []string{"internal/media"}},
	{"ingest/*", []string{"ingest", "internal/media"}},

	{"transcode", []string{"internal/media"}},

	{"packager/asset", nil},
	{"packager/id3", nil},
	{"packager/cmaf", []string{"internal/media"}},
	{"packager/ts", []string{"internal/media"}},
	{"packager/dash", nil},
	{"packager/record", []string{"internal/media"}},
	{"packager/hls", []string{"packager/asset"}},
	{"packager", []string{
		"internal/media", "packager/asset", "packager/cmaf", "packager/dash", "packager/hls", "packager/id3", "packager/ts",
	}},

	{"overlay/catalogue", nil},
	{"overlay/web", nil},
	{"overlay/show", []string{"internal/media", "overlay/catalogue"}},
	{"overlay/store", []string{"overlay/catalogue", "overlay/show"}},
	{"overlay/store/storetest", []string{"overlay/catalogue", "overlay/show", "overlay/store"}},
	{"overlay/api", []string{"overlay/catalogue", "overlay/show", "overlay/web"}},

	{"edge", []string{"packager/asset"}},
	{"edge/cache", []string{"edge", "packager/asset"}},
	{"edge/edgetest", []string{"edge", "packager/asset"}},
	{"edge/registry", []string{"packager/asset"}},
	{"edge/remote", []string{"packager/asset"}},
	{"edge/token", []string{"packager/asset"}},

	{"internal/node", []string{all}},
	{"cmd/vitrine", []string{"internal/check", "internal/node"}},
}

// TestArrows holds the table against what the packages import.
func TestArrows(t *testing.T) {
	for _, p := range listPackages(t) {
		of := strings.TrimPrefix(p.ImportPath, module+"/")
		may, ok := row(of)
		if !ok {
			t.Errorf("%s has no row in the table of arrows", of)
			continue
		}
		for _, imported := range p.Imports {
			ours, isOurs := strings.CutPrefix(imported, module+"/")
			if isOurs && !slices.Contains(may, ours) && !slices.Contains(may, all) {
				t.Errorf("%s imports %s, and may import %q only", of, ours, may)
			}
		}
	}
}

// TestLintKnowsArrows holds the rules of depguard, which editors show while one
// writes, against the table.
func TestLintKnowsArrows(t *testing.T) {
	const begin, end = "# arrows: begin", "        # arrows: end"
	file := fromRoot(".golangci.yml")
	have, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, found := strings.Cut(string(have), begin)
	remark, rest, foundRemark := strings.Cut(rest, "\n")
	_, tail, foundEnd := strings.Cut(rest, end)
	if !found || !foundRemark || !foundEnd {
		t.Fatalf("%s has lost the lines %q and %q", file, begin, end)
	}
	want := head + begin + remark + "\n" + depguardRules() + end + tail
	if want == string(have) {
		return
	}
	if !*update {
		t.Fatal(".golangci.yml differs from the table of arrows: run go test ./internal/house -update")
	}
	if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
}

// depguardRules returns the table as rules of depguard, indented for its place.
func depguardRules() string {
	var b strings.Builder
	for _, a := range arrows {
		if slices.Contains(a.may, all) {
			continue
		}
		files := []string{"**/" + a.of + "/*.go", "!$test"}
		if wild, ok := strings.CutSuffix(a.of, "/*"); ok {
			for _, other := range arrows {
				if path.Dir(other.of) == wild && other.of != a.of {
					files = append(files, "!**/"+other.of+"/*.go")
				}
			}
		}
		fmt.Fprintf(&b, "        %s:\n", strings.ReplaceAll(a.of, "/*", "/any"))
		fmt.Fprintf(&b, "          files: [%s]\n", quoted(files))
		if len(a.may) > 0 {
			allow := make([]string, len(a.may))
			for i, p := range a.may {
				allow[i] = module + "/" + p + "$"
			}
			b.WriteString("          list-mode: lax\n")
			fmt.Fprintf(&b, "          allow: [%s]\n", quoted(allow))
		}
		fmt.Fprintf(&b, "          deny: [{pkg: %s/, desc: against the arrows of internal/house}]\n", module)
	}
	return b.String()
}

func quoted(list []string) string {
	q := make([]string, len(list))
	for i, s := range list {
		q[i] = `"` + s + `"`
	}
	return strings.Join(q, ", ")
}

// row returns what the package of may import.
func row(of string) (may []string, ok bool) {
	for _, name := range []string{of, path.Dir(of) + "/*"} {
		for _, a := range arrows {
			if a.of == name {
				return a.may, true
			}
		}
	}
	return nil, false
}

type listed struct {
	ImportPath string
	Dir        string
	Imports    []string

	TestImports, XTestImports []string
}

// listPackages returns all packages of the module, as `go list` sees them.
func listPackages(t *testing.T) []listed {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-tags", "bench clients soak",
		"-json=ImportPath,Dir,Imports,TestImports,XTestImports", "./...")
	cmd.Dir = fromRoot(".")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("listing the packages: %v\n%s", err, stderr.String())
	}
	var packages []listed
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		switch err := dec.Decode(&p); {
		case errors.Is(err, io.EOF):
			return packages
		case err != nil:
			t.Fatalf("reading go list: %v", err)
		}
		packages = append(packages, p)
	}
}

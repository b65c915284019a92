package store

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"vitrine/overlay/catalogue"
	"vitrine/overlay/show"
	"vitrine/overlay/store/storetest"
)

// childDir tells this test binary to be the process that is killed.
const childDir = "VITRINE_STORE_TEST_CHILD"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		fmt.Fprintln(os.Stderr, writeForever(dir))
		os.Exit(1)
	}
	goleak.VerifyTestMain(m)
}

func open(t *testing.T, dir string) *Store {
	t.Helper()
	s, err := Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T, place string) storetest.Store { return open(t, place) })
}

func entry(n int) show.Entry {
	return show.Entry{
		Channel: "demo", Show: "s1", Type: show.TypeShow, ID: fmt.Sprintf("C%06d", n), At: time.Unix(int64(n), 0),
		Product: catalogue.Product{No: 7, SKU: "WIG-7", Title: "Wave", Price: "1", Currency: "USD"},
	}
}

// writeForever writes cues and says each one that was acknowledged.
func writeForever(dir string) error {
	s, err := Open(context.Background(), dir)
	if err != nil {
		return err
	}
	for n := 0; ; n++ {
		if err := s.Append(context.Background(), entry(n)); err != nil {
			return err
		}
		if _, err := fmt.Println(entry(n).ID); err != nil {
			return err
		}
	}
}

func TestKillLosesNothingAcknowledged(t *testing.T) {
	dir := t.TempDir()
	for round := range 3 { // each time on what the killed one left
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		child := exec.CommandContext(ctx, os.Args[0])
		child.Env = append(os.Environ(), childDir+"="+dir)
		child.Stderr = os.Stderr
		said, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		var last string
		lines := bufio.NewScanner(said)
		for range 50 + 25*round {
			if !lines.Scan() {
				t.Fatal("the child ended by itself")
			}
			last = lines.Text()
		}
		if err := child.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		for lines.Scan() { // what it said before the signal came
			last = lines.Text()
		}
		_ = child.Wait() // it was killed: that is its error

		s := open(t, dir)
		r, err := s.Unfinished(t.Context(), "demo")
		if err != nil {
			t.Fatal(err)
		}
		for n, e := range r.Entries {
			if e.ID != entry(n).ID {
				t.Fatalf("entry %d is %s", n, e.ID)
			}
		}
		if got := r.Entries[len(r.Entries)-1].ID; got < last {
			t.Errorf("acknowledged up to %s, found up to %s", last, got)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestWritesAreFlushedToTheDisk(t *testing.T) {
	s := open(t, t.TempDir())
	defer s.Close()
	for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "busy_timeout": "5000"} {
		var got string
		if err := s.write.QueryRow("PRAGMA " + pragma).Scan(&got); err != nil || got != want {
			t.Errorf("%s is %q, want %q (%v)", pragma, got, want, err)
		}
	}
}

func TestOthersCannotReadTheFile(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "data? #1 %41")
	s := open(t, dir)
	defer s.Close()
	if _, _, err := s.Secret(t.Context(), "a", "b"); err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, f := range files {
		info, err := f.Info()
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s is %v", f.Name(), info.Mode())
		}
	}
}

func TestOpenNamesTheCure(t *testing.T) {
	for name, c := range map[string]struct {
		prepare func(t *testing.T, dir string) string // returns the data directory
		want    string
	}{
		"a file stands where the directory should": {func(t *testing.T, dir string) string {
			write(t, filepath.Join(dir, "data"), "")
			return filepath.Join(dir, "data")
		}, "choose another directory with --data"},
		"the parent takes no directory": {func(*testing.T, string) string { return "/proc/vitrine" }, "choose another directory with --data"},
		"no database": {func(t *testing.T, dir string) string {
			write(t, filepath.Join(dir, FileName), strings.Repeat("not a database ", 100))
			return dir
		}, "put a backup in its place"},
		"a newer schema": {func(t *testing.T, dir string) string {
			s := open(t, dir)
			defer s.Close()
			if _, err := s.write.Exec(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, 1)`); err != nil {
				t.Fatal(err)
			}
			return dir
		}, "written by a newer vitrine"},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := Open(t.Context(), c.prepare(t, t.TempDir()))
			if err == nil {
				s.Close()
				t.Fatal("opened")
			}
			if !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %q, want one line with %q", err, c.want)
			}
		})
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestFullDiskNamesTheCureAndHeals(t *testing.T) {
	s := open(t, t.TempDir())
	defer s.Close()
	var pages int
	if err := s.write.QueryRow("PRAGMA page_count").Scan(&pages); err != nil {
		t.Fatal(err)
	}
	limit := func(n int) {
		if _, err := s.write.Exec(fmt.Sprintf("PRAGMA max_page_count = %d", n)); err != nil {
			t.Fatal(err)
		}
	}
	limit(pages + 1) // SQLite answers as it does on a full disk
	acknowledged := 0
	var err error
	for n := 0; n < 1000 && err == nil; n++ {
		if err = s.Append(t.Context(), entry(n)); err == nil {
			acknowledged++
		}
	}
	if err == nil || !strings.Contains(err.Error(), "is full, free some space") || strings.Contains(err.Error(), "\n") {
		t.Fatalf("got %v", err)
	}
	limit(pages + 1000)
	if err := s.Append(t.Context(), entry(acknowledged)); err != nil {
		t.Fatal(err)
	}
	r, err := s.Unfinished(t.Context(), "demo")
	if err != nil || len(r.Entries) != acknowledged+1 {
		t.Errorf("%d entries, %d acknowledged, %v", len(r.Entries), acknowledged+1, err)
	}
}

func BenchmarkAppend(b *testing.B) {
	s, err := Open(b.Context(), b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	n := 0
	for b.Loop() {
		if err := s.Append(b.Context(), entry(n)); err != nil {
			b.Fatal(err)
		}
		n++
	}
}

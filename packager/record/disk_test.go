package record_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"vitrine/packager/record"
)

func TestDiskWritesFilesWhole(t *testing.T) {
	root := t.TempDir()
	d := record.Disk{Root: root}
	if err := d.WriteFile("a/b/1.m4s", [][]byte{[]byte("one "), []byte("two")}); err != nil {
		t.Fatal(err)
	}
	if err := d.WriteFile("a/b/1.m4s", [][]byte{[]byte("again")}); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(filepath.Join(root, "a", "b"))
	if err != nil || len(entries) != 1 || entries[0].Name() != "1.m4s" {
		t.Errorf("%v, %v", entries, err)
	}
	if b, err := os.ReadFile(filepath.Join(root, "a", "b", "1.m4s")); string(b) != "again" {
		t.Errorf("%q, %v", b, err)
	}
}

// TestDiskThatRefusesLeavesNothing: no half file stays under any name.
func TestDiskThatRefusesLeavesNothing(t *testing.T) {
	root := t.TempDir()
	d := record.Disk{Root: root}
	if err := os.Mkdir(filepath.Join(root, "1.m4s"), 0o700); err != nil { // a rename onto it fails
		t.Fatal(err)
	}
	if err := d.WriteFile("1.m4s", [][]byte{make([]byte, 1000)}); err == nil {
		t.Error("a folder was replaced by a file")
	}
	if entries, err := os.ReadDir(root); err != nil || len(entries) != 1 {
		t.Errorf("%v, %v", entries, err)
	}
	if err := os.WriteFile(filepath.Join(root, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := d.WriteAt("file/journal.jsonl", 0, []byte("x")); !errors.Is(err, syscall.ENOTDIR) {
		t.Errorf("%v", err)
	}
}

func TestDiskCutsOffWhatACrashLeft(t *testing.T) {
	for name, tc := range map[string]struct {
		have string
		want int64
	}{
		"no file":                     {},
		"half a line":                 {have: "half", want: 0},
		"whole lines":                 {have: "one\ntwo\n", want: 8},
		"whole lines and half a line": {have: "one\ntwo\nthr", want: 8},
		"zeros after a power cut":     {have: "one\n" + string(make([]byte, 50_000)), want: 4},
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			d := record.Disk{Root: root}
			if tc.have != "" {
				if err := os.WriteFile(filepath.Join(root, "j"), []byte(tc.have), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			n, err := d.Whole("j")
			if err != nil || n != tc.want {
				t.Fatalf("%d, %v", n, err)
			}
			if err := d.WriteAt("j", n, []byte("new\n")); err != nil {
				t.Fatal(err)
			}
			b, err := os.ReadFile(filepath.Join(root, "j"))
			if want := append([]byte(tc.have)[:tc.want], "new\n"...); err != nil || !bytes.Equal(b, want) {
				t.Errorf("%q, %v, want %q", b, err, want)
			}
		})
	}
}

func TestDiskKnowsItsRoom(t *testing.T) {
	free, err := record.Disk{Root: filepath.Join(t.TempDir(), "not", "there", "yet")}.Free()
	if err != nil || free <= 0 {
		t.Errorf("%d, %v", free, err)
	}
}

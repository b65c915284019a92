package record

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"syscall"
)

// FS is what a [Recorder] writes on. Names are slash-separated and relative. Its
// methods may block for as long as the disk pleases.
type FS interface {
	// WriteFile writes a file of these pieces. Once it has returned nil the file
	// survives the death of the process and, as far as the disk keeps its word,
	// of the machine; before, it is not there under its name.
	WriteFile(name string, pieces [][]byte) error
	// WriteAt makes b the content of the file from byte `at` on, and flushes it;
	// what was behind is cut off.
	WriteAt(name string, at int64, b []byte) error
	// Whole returns the length of a file up to the end of its last whole line, in
	// bytes; 0 if there is no file.
	Whole(name string) (int64, error)
	// Free returns how many bytes may still be written.
	Free() (int64, error)
}

// Permissions of what is written: a show is its owner's until it is exported.
const (
	folderMode = 0o700
	fileMode   = 0o600
)

// Disk is a folder as an [FS].
type Disk struct{ Root string }

func (d Disk) path(name string) string { return filepath.Join(d.Root, filepath.FromSlash(name)) }

// WriteFile implements [FS] by a file beside it that is flushed, then renamed.
func (d Disk) WriteFile(name string, pieces [][]byte) error {
	target := d.path(name)
	dir := filepath.Dir(target)
	if err := os.MkdirAll(dir, folderMode); err != nil {
		return err
	}
	part := filepath.Join(dir, "."+path.Base(name)+".part")
	f, err := os.OpenFile(part, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, fileMode)
	if err != nil {
		return err
	}
	for _, b := range pieces {
		if _, err = f.Write(b); err != nil {
			break
		}
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(part, target)
	}
	if err != nil {
		return errors.Join(err, os.Remove(part))
	}
	return syncFolder(dir)
}

// WriteAt implements [FS].
func (d Disk) WriteAt(name string, at int64, b []byte) error {
	target := d.path(name)
	if err := os.MkdirAll(filepath.Dir(target), folderMode); err != nil {
		return err
	}
	f, err := os.OpenFile(target, os.O_CREATE|os.O_WRONLY, fileMode)
	if err != nil {
		return err
	}
	if err = f.Truncate(at); err == nil {
		_, err = f.WriteAt(b, at)
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil && at == 0 {
		err = syncFolder(filepath.Dir(target))
	}
	return err
}

// Whole implements [FS].
func (d Disk) Whole(name string) (int64, error) {
	f, err := os.Open(d.path(name))
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	buf := make([]byte, maxLine)
	for end := info.Size(); end > 0; {
		from := max(0, end-int64(len(buf)))
		b := buf[:end-from]
		if _, err := f.ReadAt(b, from); err != nil && !errors.Is(err, io.EOF) {
			return 0, err
		}
		if i := bytes.LastIndexByte(b, '\n'); i >= 0 {
			return from + int64(i) + 1, nil
		}
		end = from
	}
	return 0, nil
}

// Free implements [FS].
func (d Disk) Free() (int64, error) { return freeAt(d.Root) }

// freeAt returns how many bytes may still be written in a folder, or in the
// nearest one above it that is there.
func freeAt(dir string) (int64, error) {
	for {
		var s syscall.Statfs_t
		err := syscall.Statfs(dir, &s)
		if up := filepath.Dir(dir); errors.Is(err, os.ErrNotExist) && up != dir {
			dir = up
			continue
		}
		if err != nil {
			return 0, fmt.Errorf("free space in %s: %w", dir, err)
		}
		return int64(s.Bavail) * int64(s.Bsize), nil // their types are others on darwin
	}
}

// syncFolder makes the names in a folder survive a power cut.
func syncFolder(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

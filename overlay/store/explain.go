package store

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"syscall"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// explain wraps err in one line that says what was attempted and, where the
// operator can do something about it, what.
func (s *Store) explain(attempt string, err error) error {
	if err == nil {
		return nil
	}
	if cure := cureOf(err, filepath.Dir(s.path)); cure != "" {
		return fmt.Errorf("%s %s: %s: %w", attempt, s.path, cure, err)
	}
	return fmt.Errorf("%s %s: %w", attempt, s.path, err)
}

func cureOf(err error, dir string) string {
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return fmt.Sprintf("the disk of %s is full, free some space", dir)
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return fmt.Sprintf("%s cannot be written to, give this user the right to, or choose another directory with --data", dir)
	case errors.Is(err, syscall.ENOTDIR), errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.EISDIR):
		return fmt.Sprintf("%s cannot be made, choose another directory with --data", dir)
	}
	var lite *sqlite.Error
	if !errors.As(err, &lite) {
		return ""
	}
	switch lite.Code() & 0xff { // the rest is detail
	case sqlite3.SQLITE_FULL:
		return fmt.Sprintf("the disk of %s is full, free some space", dir)
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH:
		return fmt.Sprintf("%s cannot be written to, give this user the right to, or choose another directory with --data", dir)
	case sqlite3.SQLITE_IOERR:
		return fmt.Sprintf("the disk of %s refuses, see that it is neither full nor failing", dir)
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return "the file is damaged, put a backup in its place, or move it away to begin anew"
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return "another process holds it, stop that one"
	}
	return ""
}

package store

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // the driver called "sqlite"
)

// FileName is the name of the database in the data directory.
const FileName = "vitrine.db"

const (
	busyTimeout = 5 * time.Second // how long a statement waits for another process
	readers     = 4               // connections that only read
)

//go:embed migrations/*.sql
var migrations embed.FS

// Store is the SQLite store. It is safe for concurrent use.
type Store struct {
	path  string
	write *sql.DB // one connection
	read  *sql.DB // refuses to write
}

// Open opens the store in the directory dir, and makes both where absent. The
// file is readable by its owner only, as it holds secrets. An error names what
// to do about it.
func Open(ctx context.Context, dir string) (*Store, error) {
	path, err := filepath.Abs(filepath.Join(dir, FileName))
	if err != nil {
		return nil, fmt.Errorf("open the store: %w", err)
	}
	s := &Store{path: path}
	if err := touch(path); err != nil {
		return nil, s.explain("open the store", err)
	}
	if err := s.open(ctx); err != nil {
		s.Close()
		return nil, s.explain("open the store", err)
	}
	return s, nil
}

// touch makes the file before SQLite does, which would let others read it.
func touch(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

func (s *Store) open(ctx context.Context) error {
	var err error
	if s.write, err = sql.Open("sqlite", s.dsn("journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(ON)")); err != nil {
		return err
	}
	s.write.SetMaxOpenConns(1)
	if err := migrate(ctx, s.write); err != nil {
		return err
	}
	if s.read, err = sql.Open("sqlite", s.dsn("query_only(ON)")); err != nil {
		return err
	}
	s.read.SetMaxOpenConns(readers)
	return s.read.PingContext(ctx)
}

// dsn names the database, and what each of its connections is told first.
func (s *Store) dsn(pragmas ...string) string {
	q := url.Values{"_txlock": {"immediate"}}
	q.Add("_pragma", fmt.Sprintf("busy_timeout(%d)", busyTimeout.Milliseconds()))
	for _, p := range pragmas {
		q.Add("_pragma", p)
	}
	return (&url.URL{Scheme: "file", Path: filepath.ToSlash(s.path), RawQuery: q.Encode()}).String()
}

// migrate brings the schema up to date. It refuses one that is newer than this
// program.
func migrate(ctx context.Context, db *sql.DB) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, db, files, goose.WithLogger(goose.NopLogger()), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("read the schema: %w", err)
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("update the schema: %w", err)
	}
	have, err := p.GetDBVersion(ctx)
	if err != nil {
		return fmt.Errorf("read the schema: %w", err)
	}
	sources := p.ListSources()
	if known := sources[len(sources)-1].Version; have > known {
		return fmt.Errorf("it was written by a newer vitrine (schema %d, this one knows %d): use that one", have, known)
	}
	return nil
}

// Close closes the store. What was written stays.
func (s *Store) Close() error {
	var first error
	for _, db := range []*sql.DB{s.read, s.write} { // the writer last: it folds the WAL in
		if db == nil {
			continue
		}
		if err := db.Close(); err != nil && first == nil {
			first = s.explain("close the store", err)
		}
	}
	return first
}

// micros is how a time is kept; NULL for the zero time.
func micros(t time.Time) sql.NullInt64 {
	return sql.NullInt64{Int64: t.UnixMicro(), Valid: !t.IsZero()}
}

func fromMicros(v sql.NullInt64) time.Time {
	if !v.Valid {
		return time.Time{}
	}
	return time.UnixMicro(v.Int64).UTC()
}

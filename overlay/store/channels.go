package store

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"vitrine/overlay/catalogue"
	"vitrine/overlay/show"
)

// SaveShelf replaces the channel's shelf.
func (s *Store) SaveShelf(ctx context.Context, channel string, shelf *catalogue.Shelf) error {
	text, err := json.Marshal(shelf)
	if err != nil {
		return fmt.Errorf("save the shelf of %s: %w", channel, err)
	}
	_, err = s.write.ExecContext(ctx, `INSERT INTO shelves (channel, shelf, saved_at) VALUES (?, ?, unixepoch() * 1000000)
		ON CONFLICT DO UPDATE SET shelf = excluded.shelf, saved_at = excluded.saved_at`,
		channel, string(text))
	return s.explain("save the shelf in", err)
}

// Shelf returns the channel's shelf as it was saved last, and whether one was.
func (s *Store) Shelf(ctx context.Context, channel string) (*catalogue.Shelf, bool, error) {
	var text []byte
	err := s.read.QueryRowContext(ctx, `SELECT shelf FROM shelves WHERE channel = ?`, channel).Scan(&text)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, false, nil
	case err != nil:
		return nil, false, s.explain("read the shelf in", err)
	}
	shelf, err := catalogue.ReadJSON("the saved shelf of "+channel, bytes.NewReader(text))
	if err != nil {
		return nil, false, s.explain("read the shelf in", err)
	}
	return shelf, true, nil
}

// SaveAnnouncement replaces the channel's announcement.
func (s *Store) SaveAnnouncement(ctx context.Context, channel string, a show.Announcement) error {
	_, err := s.write.ExecContext(ctx, `INSERT INTO announcements (channel, title, poster, starts_at) VALUES (?, ?, ?, ?)
		ON CONFLICT DO UPDATE SET title = excluded.title, poster = excluded.poster, starts_at = excluded.starts_at`,
		channel, a.Title, a.Poster, micros(a.Starts))
	return s.explain("save the announcement in", err)
}

// Announcement returns the channel's announcement, empty if none was saved.
func (s *Store) Announcement(ctx context.Context, channel string) (show.Announcement, error) {
	var a show.Announcement
	var starts sql.NullInt64
	err := s.read.QueryRowContext(ctx, `SELECT title, poster, starts_at FROM announcements WHERE channel = ?`, channel).
		Scan(&a.Title, &a.Poster, &starts)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return show.Announcement{}, s.explain("read the announcement in", err)
	}
	a.Starts = fromMicros(starts)
	return a, nil
}

// Secret returns the secret called name. If there is none it keeps fresh as
// that secret, returns it, and reports that it is new.
func (s *Store) Secret(ctx context.Context, name, fresh string) (value string, isNew bool, err error) {
	res, err := s.write.ExecContext(ctx, `INSERT INTO secrets (name, value) VALUES (?, ?) ON CONFLICT DO NOTHING`, name, fresh)
	if err != nil {
		return "", false, s.explain("save a secret in", err)
	}
	n, err := res.RowsAffected()
	if err != nil {
		return "", false, s.explain("save a secret in", err)
	}
	err = s.write.QueryRowContext(ctx, `SELECT value FROM secrets WHERE name = ?`, name).Scan(&value)
	return value, n == 1, s.explain("read a secret in", err)
}

// Advance raises the counter called name, which begins at 0, by n and returns
// the value it had before: the n numbers from there on are the caller's alone,
// whatever happens to the process.
func (s *Store) Advance(ctx context.Context, name string, n int64) (int64, error) {
	var after int64
	err := s.write.QueryRowContext(ctx, `INSERT INTO counters (name, value) VALUES (?, ?)
		ON CONFLICT DO UPDATE SET value = value + excluded.value RETURNING value`, name, n).Scan(&after)
	if err != nil {
		return 0, s.explain("advance a counter in", err)
	}
	return after - n, nil
}

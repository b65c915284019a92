package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"

	"vitrine/overlay/show"
)

var _ show.Log = (*Store)(nil)

// Append implements [show.Log].
func (s *Store) Append(ctx context.Context, e show.Entry) error {
	var err error
	switch e.Type {
	case show.TypeStart:
		_, err = s.write.ExecContext(ctx, `INSERT INTO shows (channel, id, started_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`,
			e.Channel, e.Show, e.At.UnixMicro())
	case show.TypeEnd:
		_, err = s.write.ExecContext(ctx, `INSERT INTO shows (channel, id, started_at, ended_at) VALUES (?, ?, ?3, ?3)
			ON CONFLICT DO UPDATE SET ended_at = coalesce(ended_at, excluded.ended_at)`,
			e.Channel, e.Show, e.At.UnixMicro())
	default:
		err = s.appendCue(ctx, e)
	}
	return s.explain("write the cue log in", err)
}

// appendCue adds a cue to its show. A show that is not known, as its beginning
// was lost to a full disk, is taken to have begun with this cue.
func (s *Store) appendCue(ctx context.Context, e show.Entry) error {
	product, err := json.Marshal(e.Product)
	if err != nil {
		return err
	}
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // after Commit there is nothing to roll back
	_, err = tx.ExecContext(ctx, `INSERT INTO shows (channel, id, started_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`,
		e.Channel, e.Show, e.At.UnixMicro())
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO cues (show, id, type, at, product, media, late, clock, clock_error)
		SELECT seq, ?, ?, ?, ?, ?, ?, ?, ? FROM shows WHERE channel = ? AND id = ? ON CONFLICT DO NOTHING`,
		e.ID, e.Type, e.At.UnixMicro(), string(product), e.Media, e.Late, e.Clock.Source, e.Clock.Error, e.Channel, e.Show)
	if err != nil {
		return err
	}
	return tx.Commit()
}

// Unfinished implements [show.Log].
func (s *Store) Unfinished(ctx context.Context, channel string) (show.Record, error) {
	seq, sh, err := s.show(ctx, channel, "")
	if err != nil || seq == 0 || !sh.Ended.IsZero() {
		return show.Record{}, s.explain("read the cue log in", err)
	}
	entries, err := s.entries(ctx, `SELECT id, type, at, product, media, late, clock, clock_error
		FROM cues WHERE show = ? ORDER BY seq`, seq)
	if err != nil {
		return show.Record{}, s.explain("read the cue log in", err)
	}
	return record(channel, sh, entries), nil
}

// Cues returns a page of a show's cues, newest first. A show that is not there
// gives a zero Record; a cue that is not there, a page from the newest.
func (s *Store) Cues(ctx context.Context, q show.Query) (show.Record, error) {
	seq, sh, err := s.show(ctx, q.Channel, q.Show)
	if err != nil || seq == 0 {
		return show.Record{}, s.explain("read the cue log in", err)
	}
	entries, err := s.entries(ctx, `SELECT id, type, at, product, media, late, clock, clock_error
		FROM cues WHERE show = ?1 AND seq < coalesce((SELECT seq FROM cues WHERE show = ?1 AND id = ?2), ?3)
		ORDER BY seq DESC LIMIT ?4`, seq, q.Before, math.MaxInt64, q.Limit)
	if err != nil {
		return show.Record{}, s.explain("read the cue log in", err)
	}
	return record(q.Channel, sh, entries), nil
}

func record(channel string, sh show.Show, entries []show.Entry) show.Record {
	for i := range entries {
		entries[i].Channel, entries[i].Show = channel, sh.ID
	}
	return show.Record{Show: sh, Entries: entries}
}

// show finds a show of the channel, the latest if id is empty. Its number is 0
// if there is none.
func (s *Store) show(ctx context.Context, channel, id string) (int64, show.Show, error) {
	var seq int64
	var started, ended sql.NullInt64
	var sh show.Show
	err := s.read.QueryRowContext(ctx, `SELECT seq, id, started_at, ended_at FROM shows
		WHERE channel = ?1 AND (?2 = '' OR id = ?2) ORDER BY seq DESC LIMIT 1`, channel, id).
		Scan(&seq, &sh.ID, &started, &ended)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, show.Show{}, nil
	}
	sh.Started, sh.Ended = fromMicros(started), fromMicros(ended)
	return seq, sh, err
}

func (s *Store) entries(ctx context.Context, query string, args ...any) ([]show.Entry, error) {
	rows, err := s.read.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var entries []show.Entry
	for rows.Next() {
		var e show.Entry
		var at int64
		var product []byte
		if err := rows.Scan(&e.ID, &e.Type, &at, &product, &e.Media, &e.Late, &e.Clock.Source, &e.Clock.Error); err != nil {
			return nil, err
		}
		if err := json.Unmarshal(product, &e.Product); err != nil {
			return nil, fmt.Errorf("product of cue %s: %w", e.ID, err)
		}
		e.At = time.UnixMicro(at).UTC()
		entries = append(entries, e)
	}
	return entries, rows.Err()
}

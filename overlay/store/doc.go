// Package store keeps what must survive a restart in one SQLite file: the shelf
// and the announcement of each channel, the cue log, and secrets that were
// generated.
//
// Shelves, entries and announcements enter and leave; SQL stays inside. A call
// that wrote and returned nil has been flushed to the disk (WAL, synchronous
// FULL), so that neither kill -9 nor a power cut takes it back. There is one
// writer; readers do not wait for it.
//
// To change the schema, add the next file to migrations: those that were
// released are never edited. To add another database, write a package beside
// this one that passes storetest.
package store

// Package catalogue holds what is for sale: a [Product] with the number that
// the host says aloud ("number seven"), and the [Shelf], a channel's numbered
// products at one moment.
//
// A merchant's file enters ([ReadFile], [ReadCSV], [ReadJSON]); an immutable
// Shelf leaves, or a [*Rejected] that names file, line, field and reason of
// every bad row. There is no half-read Shelf: whoever gets an error keeps the
// one it had.
//
// To add a format, write one file beside csv.go with a reader that feeds an
// intake, give it a fuzz target, and name its extension in [ReadFile].
package catalogue

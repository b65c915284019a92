// Package house holds the house together: its tests keep the table of arrows
// against what packages really import, and the repository's own files (the
// Dockerfile, the lock file, the decisions) against each other. Nothing imports
// it and it imports nothing of ours.
//
// To add a package, add its row to the table in arrows_test.go, run
// `go test ./internal/house -update`, which carries it to .golangci.yml, and say
// why in docs/decisions.
package house

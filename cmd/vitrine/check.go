package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"vitrine/internal/check"
)

// conformance is the command check.
type conformance struct {
	URL      string        `arg:"" help:"URL of a multivariant or media playlist, of this server or of any other."`
	For      time.Duration `help:"How long to watch. What is removed from a playlist is only checked if it is watched for twice the playlist's length." default:"30s"`
	JSON     bool          `name:"json" help:"Write the report as JSON."`
	Insecure bool          `help:"Accept any certificate, such as a self-signed one."`
	Expect   string        `help:"File of cue ids, one a line, each of which must come in every video rendition." type:"existingfile" placeholder:"FILE"`

	out io.Writer // os.Stdout if nil
}

// Exit codes of check.
const (
	exitFailed      = 1 // an assertion failed
	exitUnreachable = 2 // nothing could be checked
)

// exitError is an error that says with which code the program ends.
type exitError struct {
	error
	code int
}

func (e exitError) Unwrap() error { return e.error }

// exitCode returns the code with which an error ends the program.
func exitCode(err error) int {
	var e exitError
	if errors.As(err, &e) {
		return e.code
	}
	return 1
}

func (c *conformance) Run(ctx context.Context) error {
	var unread error
	report, err := check.Run(ctx, check.Config{URL: c.URL, For: c.For, Insecure: c.Insecure, Expect: func() (ids []string) {
		ids, unread = readLines(c.Expect) // at the end, so that it can be written meanwhile
		return ids
	}})
	if err = errors.Join(err, unread); err != nil {
		return exitError{err, exitUnreachable}
	}
	out := c.out
	if out == nil {
		out = os.Stdout
	}
	write := report.WriteTable
	if c.JSON {
		write = report.WriteJSON
	}
	if err := write(out); err != nil {
		return err
	}
	if n := report.Failed(); n > 0 {
		return exitError{fmt.Errorf("%d of %d assertions failed", n, len(report.Verdicts)), exitFailed}
	}
	return nil
}

// readLines returns the lines of a file that are not empty; none without a file.
func readLines(name string) (list []string, err error) {
	if name == "" {
		return nil, nil
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	s := bufio.NewScanner(f)
	for s.Scan() {
		if line := strings.TrimSpace(s.Text()); line != "" {
			list = append(list, line)
		}
	}
	return list, s.Err()
}

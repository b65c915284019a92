package node

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"
)

// Bounds of the web server.
const (
	headerTimeout  = 10 * time.Second
	idleTimeout    = 2 * time.Minute
	drainTimeout   = 10 * time.Second // more than a blocking reload is held
	maxHeaderBytes = 16 << 10
)

// newToken returns a secret of 130 bits that can be read out and typed.
func newToken() string { return strings.ToLower(rand.Text()) }

func (n *Node) webServer(ctx context.Context) (*http.Server, error) {
	handler, err := n.routes(ctx)
	if err != nil {
		return nil, err
	}
	s := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: headerTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(n.log.Handler(), slog.LevelDebug),
	}
	if t := n.cfg.TLS; t != nil {
		cert, err := n.certificate(*t)
		if err != nil {
			return nil, err
		}
		s.TLSConfig = &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
	}
	return s, nil
}

// serveWeb serves until ctx ends, then lets what is under way come to its end.
func serveWeb(ctx context.Context, s *http.Server, l net.Listener) error {
	drained := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(drained)
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
		defer cancel()
		if s.Shutdown(ctx) != nil {
			s.Close()
		}
	})
	var err error
	if s.TLSConfig != nil {
		err = s.ServeTLS(l, "", "")
	} else {
		err = s.Serve(l)
	}
	if stop() { // it was not ctx that ended it
		return fmt.Errorf("serve HTTP: %w", err)
	}
	<-drained
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

package rtmp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"

	gortmp "github.com/yutopp/go-rtmp"
	gomessage "github.com/yutopp/go-rtmp/message"

	"vitrine/ingest"
	"vitrine/internal/media"
)

const (
	// App is the application that encoders connect to: rtmp://HOST/live.
	App = "live"

	// lingering is how long an encoder may take to hang up. To close with its
	// bytes unread would reset the connection, and the last words would be lost.
	lingering = time.Second
)

var errApp = errors.New("wrong server URL: it has to end in /" + App)

// Why a connection ended if nothing better is known.
var (
	errLost     = errors.New("connection lost")
	errProtocol = errors.New("commands in an order that makes no sense")
)

// peer is one encoder: what go-rtmp reads from and writes to, and the handler
// that it calls. All handlers run on go-rtmp's reading goroutine.
type peer struct {
	gortmp.DefaultHandler
	*guard

	ctx     context.Context //nolint:containedctx // of Run; go-rtmp hands none to its handler
	server  *Server
	release func() // called once, when nothing of the peer is left
	claim   ingest.Claim
	key     string // from the URL, if it was there
	demux   demuxer
	session *ingest.Session
	forget  func() bool // stops waiting for the session's end

	why    error // what ended the connection, the first thing
	told   bool  // the encoder was told why
	closed sync.Once
}

func newPeer(ctx context.Context, s *Server, conn net.Conn, release func()) *peer {
	p := &peer{guard: newGuard(conn, s.Limits), ctx: ctx, server: s, release: release}
	p.claim = ingest.Claim{Protocol: "rtmp", Remote: conn.RemoteAddr().String()}
	p.demux.depth = s.Limits.AMFDepth
	return p
}

// Read is where the connection's errors surface; the first one counts.
func (p *peer) Read(b []byte) (int, error) {
	n, err := p.guard.Read(b)
	if err != nil {
		err = p.fail(err)
	}
	return n, err
}

// OnConnect checks the application. The key may stand behind it, where somebody
// put the whole URL into one field.
func (p *peer) OnConnect(_ uint32, cmd *gomessage.NetConnectionConnect) error {
	app, _, _ := strings.Cut(cmd.Command.App, "?")
	app, key, _ := strings.Cut(strings.Trim(app, "/"), "/")
	if app != App {
		return p.refused(rejectMessage(errApp.Error()), errApp)
	}
	p.claim.App, p.key, p.claim.Encoder = app, key, cmd.Command.FlashVer
	return nil
}

// OnPublish asks the gate.
func (p *peer) OnPublish(sc *gortmp.StreamContext, _ uint32, cmd *gomessage.NetStreamPublish) error {
	key, _, _ := strings.Cut(cmd.PublishingName, "?")
	if key == "" {
		key = p.key
	}
	p.claim.Key = strings.Trim(key, "/")
	s, err := p.server.Gate.Admit(p.ctx, p.claim)
	if err != nil {
		return p.refused(statusMessage(sc.StreamID, codeBadName, err.Error()), err)
	}
	p.session = s
	p.guard.admit(sc.StreamID)
	stream := sc.StreamID
	p.forget = context.AfterFunc(s.Context(), func() {
		p.part(statusMessage(stream, codeFailed, context.Cause(s.Context()).Error()))
		p.conn.Close() // unblocks Read
	})
	return nil
}

// OnSetDataFrame takes onMetaData; other data is of no concern here.
func (p *peer) OnSetDataFrame(_ uint32, data *gomessage.NetStreamSetDataFrame) error {
	if p.session != nil && p.demux.data(data.Payload) && p.demux.meta.Encoder != "" {
		p.session.SetEncoder(p.demux.meta.Encoder)
	}
	return nil
}

// OnVideo takes a video tag.
func (p *peer) OnVideo(time uint32, r io.Reader) error { return p.take(time, r, p.demux.video) }

// OnAudio takes an audio tag.
func (p *peer) OnAudio(time uint32, r io.Reader) error { return p.take(time, r, p.demux.audio) }

func (p *peer) take(time uint32, r io.Reader, demux func(uint32, []byte) (media.Unit, bool, error)) error {
	tag := make([]byte, p.length)
	if _, err := io.ReadFull(r, tag); err != nil {
		return p.fail(fmt.Errorf("read a tag: %w", err))
	}
	u, ok, err := demux(time, tag)
	if err != nil {
		return p.refused(statusMessage(p.stream, codeFailed, err.Error()), err)
	}
	if !ok {
		return nil
	}
	if err := p.session.WriteUnit(u); err != nil {
		return p.fail(err)
	}
	return nil
}

// OnClose is the first thing that go-rtmp does when it is finished with the
// connection, for whatever reason.
func (p *peer) OnClose() {
	if p.session != nil {
		p.forget()
		p.session.Close(p.reason())
	}
	if p.told || p.left {
		p.linger()
	}
	p.conn.Close()
}

// Close is the last thing that go-rtmp does with the connection.
func (p *peer) Close() error {
	p.closed.Do(func() {
		p.conn.Close()
		p.report()
		p.release()
	})
	return nil
}

// reason tells why the session is over: nil if the encoder said so itself.
func (p *peer) reason() error {
	switch cause := context.Cause(p.session.Context()); {
	case cause != nil:
		return cause
	case p.left:
		return nil
	case errors.Is(p.why, io.EOF), errors.Is(p.why, io.ErrUnexpectedEOF), p.why == nil:
		return errLost
	}
	return p.why
}

// report logs the end of a connection that never got a session: the gate logs
// the end of the others.
func (p *peer) report() {
	log := p.server.Log.With("protocol", p.claim.Protocol, "remote", p.claim.Remote)
	if p.demux.bad > 0 {
		log.Warn("frames lost", "count", p.demux.bad, "reason", p.demux.lastBad)
	}
	switch {
	case p.session != nil, errors.Is(p.why, net.ErrClosed): // the gate logs it; Run ends
	case errors.Is(p.why, io.EOF) && p.in.count == 0: // a port scan, a health check
		log.Debug("connection closed")
	default:
		why := p.why
		if why == nil { // go-rtmp gave up
			why = errProtocol
		}
		log.Warn("encoder refused", "reason", why, "encoder", p.claim.Encoder)
	}
}

// refused says m to the encoder, as the last thing, and remembers why.
func (p *peer) refused(m message, why error) error {
	p.told = p.refuse(m) == nil // if not, it hung up first
	return p.fail(why)
}

// fail remembers the first reason.
func (p *peer) fail(err error) error {
	if p.why == nil {
		p.why = err
	}
	return err
}

// linger waits until the encoder hung up, or for as long as that may take. One
// that said goodbye takes it for an error if the server hangs up first.
func (p *peer) linger() {
	if c, ok := p.conn.(interface{ CloseWrite() error }); ok && !p.left {
		_ = c.CloseWrite() // what is sent is on its way; the rest of this is courtesy
	}
	p.in.until, p.in.idle = time.Now().Add(lingering), lingering
	_, _ = io.Copy(io.Discard, &p.in) // ends at that time, or when Run does
}

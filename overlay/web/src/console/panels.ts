import { html, nothing, type TemplateResult } from 'lit';
import { alert, eye } from '../theme/icons';
import { formatBitrate, formatClock, formatElapsed, type Health } from './health';

// The parts of the console that only show something.

/** Under this speed FFmpeg falls behind. */
const slowFFmpeg = 0.97;

/** Keyframes further apart than this (s) make viewers wait. */
const longKeyframes = 4;

const chips = { off: 'OFF AIR', live: 'ON AIR', waiting: 'ENCODER LOST', ended: 'ENDED' } as const;

export function header(channel: string, h: Health | null, now: number): TemplateResult {
  const elapsed = h && (h.state === 'live' || h.state === 'waiting') && !Number.isNaN(h.startedAt);
  return html`<header>
    <h1 title=${channel}>${channel}</h1>
    ${h ? html`<span class="chip ${h.state}">${chips[h.state]}</span>` : nothing}
    ${elapsed ? html`<span class="time" title="Time on air">${formatElapsed(now - h.startedAt)}</span>` : nothing}
    ${h ? html`<span class="count" title="Viewers now">${eye} ${h.viewers}<span class="said"> viewers</span></span>` : nothing}
  </header>`;
}

function note(kind: string, text: string): TemplateResult {
  return html`<li class="note ${kind}">${alert}<span>${text}</span></li>`;
}

export function notes(lost: boolean, failure: string, h: Health | null): TemplateResult | typeof nothing {
  const waiting = h?.state === 'waiting';
  const warnings = h?.warnings ?? [];
  if (!lost && !failure && !waiting && warnings.length === 0) return nothing;
  return html`<ul class="notes" role="status">
    ${lost ? note('bad', 'Connection lost. What you see may be old; trying again.') : nothing}
    ${failure ? note('bad', failure) : nothing}
    ${waiting ? note('bad', 'Your encoder is gone. Viewers read “The host will be right back”. Start streaming again within 30 s and the show goes on.') : nothing}
    ${warnings.map((w) => note('', w.text))}
  </ul>`;
}

function row(name: string, value: string | TemplateResult, warn = false): TemplateResult {
  return html`<dt>${name}</dt><dd class=${warn ? 'warn' : ''}>${value}</dd>`;
}

export function healthList(h: Health): TemplateResult {
  const { ingest: i, transcode: t } = h;
  if (!i) return html`<p class="quiet">No encoder is connected.</p>`;
  return html`<dl>
    ${row('Picture', `${i.width} × ${i.height}`)}
    ${row('Frame rate', i.fps > 0 ? `${Number(i.fps.toFixed(2))} fps` : '–')}
    ${row('Bit rate', formatBitrate(i.bitrate))}
    ${row('Keyframes', i.keyframeInterval > 0 ? `every ${Number(i.keyframeInterval.toFixed(1))} s` : '–', i.keyframeInterval > longKeyframes)}
    ${row('Sound', i.audio, i.audio === 'none')}
    ${row('Encoder', [i.encoder, i.protocol.toUpperCase()].filter(Boolean).join(', '))}
    ${t ? row('FFmpeg', `${t.speed.toFixed(2)}× speed, ${Math.round(t.delayMs)} ms`, t.speed < slowFFmpeg) : nothing}
    ${t && t.restarts > 0 ? row('FFmpeg restarts', String(t.restarts), true) : nothing}
    ${t && t.rungs.length > 0 ? row('Also as', t.rungs.map((r) => r.name).join(', ')) : nothing}
    ${row('Cue clock', formatClock(h.clock))}
  </dl>`;
}

/** How to go live, for a host who is not. */
export function setup(h: Health): TemplateResult {
  return html`<details class="setup" open>
    <summary>${h.state === 'ended' ? 'Go live again from OBS' : 'Go live from OBS'}</summary>
    <div class="inside"><ol>
      <li>Settings, Stream: Service <b>Custom</b></li>
      <li>Server <code>${h.rtmp || `rtmp://${location.hostname}:1935/live`}</code></li>
      <li>Stream Key: your stream key. It is not shown here, since this screen may be shared.</li>
      <li>Settings, Output: Keyframe Interval <b>2 s</b>; for x264, Tune <b>zerolatency</b></li>
      <li>Start Streaming. This page follows by itself.</li>
    </ol></div>
  </details>`;
}

/** The door of the console, for a host without a cookie. */
export function door(channel: string): TemplateResult {
  return html`<div class="door">
    <h1>Console of ${channel}</h1>
    <p class="quiet">Enter the host token of this channel. The operator has it: the server prints it when it starts.</p>
    <form method="post" action=${location.pathname}>
      <input hidden name="username" autocomplete="username" .value=${channel} />
      <label>Host token<input name="token" type="password" required autocomplete="current-password" autofocus /></label>
      <button class="main">Open the console</button>
    </form>
  </div>`;
}

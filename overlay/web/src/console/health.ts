import { isObject, text } from '../shelf/product';

// What the API says of a channel, read carefully: a server of another version
// may leave something out, and the console goes on with what it has.

export interface OnShow {
  id: string;
  no: number;
  /** When it was put on show (ms since the Unix epoch), NaN if unknown. */
  since: number;
}

export interface Rung {
  name: string;
  width: number;
  height: number;
  bitrate: number;
}

export interface Ingest {
  protocol: string;
  encoder: string;
  width: number;
  height: number;
  fps: number;
  bitrate: number;
  keyframeInterval: number;
  audio: string;
}

export interface Health {
  state: 'off' | 'live' | 'waiting' | 'ended';
  title: string;
  poster: string;
  startsAt: string;
  watchURL: string;
  /** Where an encoder sends, without its key. */
  rtmp: string;
  startedAt: number;
  ingest: Ingest | null;
  transcode: { speed: number; delayMs: number; restarts: number; rungs: Rung[] } | null;
  warnings: { code: string; text: string }[];
  viewers: number;
  clock: { source: string; errorMs: number } | null;
  on: OnShow[];
}

type Fields = Record<string, unknown>;

const fields = (v: unknown): Fields => (isObject(v) ? v : {});
const list = (v: unknown): Fields[] => (Array.isArray(v) ? v.filter(isObject) : []);
const amount = (v: unknown): number => (typeof v === 'number' && Number.isFinite(v) ? v : 0);

function readIngest(v: unknown): Ingest | null {
  if (!isObject(v)) return null;
  const video = fields(v['video']);
  const audio = fields(v['audio']);
  const kHz = amount(audio['sample_rate']) / 1000;
  return {
    protocol: text(v['protocol']),
    encoder: text(v['encoder']),
    width: amount(video['width']),
    height: amount(video['height']),
    fps: amount(video['fps']),
    bitrate: amount(video['bitrate']),
    keyframeInterval: amount(video['keyframe_interval']),
    audio: kHz > 0 ? `${text(audio['codec']).toUpperCase()} ${kHz} kHz` : 'none',
  };
}

function readTranscode(v: unknown): Health['transcode'] {
  if (!isObject(v)) return null;
  return {
    speed: amount(v['speed']),
    delayMs: amount(v['delay_ms']),
    restarts: amount(v['restarts']),
    rungs: list(v['rungs']).map((r) => ({
      name: text(r['name']), width: amount(r['width']), height: amount(r['height']), bitrate: amount(r['bitrate']),
    })),
  };
}

/** Reads the API's answer about a channel. */
export function readHealth(answer: unknown): Health {
  const v = fields(answer);
  const state = text(v['state']);
  return {
    state: state === 'live' || state === 'waiting' || state === 'ended' ? state : 'off',
    title: text(v['title']),
    poster: text(v['poster']),
    startsAt: text(v['starts_at']),
    watchURL: text(v['watch_url']),
    rtmp: text(fields(v['publish'])['rtmp']),
    startedAt: Date.parse(text(fields(v['show'])['started_at'])),
    ingest: readIngest(v['ingest']),
    transcode: readTranscode(v['transcode']),
    warnings: list(v['warnings']).map((w) => ({ code: text(w['code']), text: text(w['text']) })).filter((w) => w.text !== ''),
    viewers: amount(v['viewers']),
    clock: isObject(v['clock']) ? { source: text(v['clock']['source']), errorMs: amount(v['clock']['error_ms']) } : null,
    on: list(v['on']).map((o) => ({ id: text(o['id']), no: amount(o['no']), since: Date.parse(text(o['since'])) })),
  };
}

/** Says a bit rate as a person would: 2.5 Mbit/s, 128 kbit/s. */
export function formatBitrate(bits: number): string {
  if (bits <= 0) return '–';
  return bits >= 1e6 ? `${(bits / 1e6).toFixed(1)} Mbit/s` : `${Math.round(bits / 1e3)} kbit/s`;
}

/** Says a duration as a clock: 0:07, 12:34, 1:02:03. */
export function formatElapsed(ms: number): string {
  const s = Math.max(0, Math.floor(ms / 1000));
  const two = (n: number): string => String(n).padStart(2, '0');
  const minutes = Math.floor(s / 60) % 60;
  const hours = Math.floor(s / 3600);
  return hours > 0 ? `${hours}:${two(minutes)}:${two(s % 60)}` : `${minutes}:${two(s % 60)}`;
}

const clockSources: Record<string, string> = {
  'arrival': 'by arrival of the frames',
  'sender-report': "by the encoder's clock",
  'abs-capture-time': 'by capture time',
  'obs-bpm': "by OBS's capture time",
  'calibrated': 'calibrated',
};

/** Says how cues find their frame, and how exactly. */
export function formatClock(clock: Health['clock']): string {
  if (!clock) return '–';
  return `${clockSources[clock.source] ?? clock.source}, ±${clock.errorMs} ms`;
}

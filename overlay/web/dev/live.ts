import { spawn, type ChildProcess } from 'node:child_process';
import { EventEmitter } from 'node:events';
import type { Readable } from 'node:stream';

// A small LL-HLS origin for trying the player without the server: FFmpeg's test
// picture, cut into parts as it comes, with cues. It serves one viewer at a desk.

export const partTarget = 0.21;
const segmentLength = 2;
const kept = 8; // segments
const timescale = 90000;

interface Part { bytes: Buffer; duration: number; start: number }
interface Segment { msn: number; parts: Part[]; at: number }

function boxes(b: Buffer): { type: string; body: Buffer; end: number }[] {
  const found = [];
  for (let at = 0; at + 8 <= b.length; ) {
    const size = b.readUInt32BE(at);
    if (size < 8 || at + size > b.length) break;
    found.push({ type: b.toString('latin1', at + 4, at + 8), body: b.subarray(at + 8, at + size), end: at + size });
    at += size;
  }
  return found;
}

function child(b: Buffer, ...path: string[]): Buffer {
  let body = b;
  for (const type of path) {
    const found = boxes(body).find((x) => x.type === type);
    if (!found) throw new Error(`no ${type} box`);
    body = found.body;
  }
  return body;
}

/** Start and duration of a fragment, in its own timescale. */
function times(moof: Buffer): { start: number; duration: number } {
  const tfdt = child(moof, 'traf', 'tfdt');
  const start = tfdt[0] === 1 ? Number(tfdt.readBigUInt64BE(4)) : tfdt.readUInt32BE(4);
  const tfhd = child(moof, 'traf', 'tfhd');
  const hf = tfhd.readUInt32BE(0);
  const byDefault = hf & 8 ? tfhd.readUInt32BE(8 + (hf & 1 ? 8 : 0) + (hf & 2 ? 4 : 0)) : 0;
  const trun = child(moof, 'traf', 'trun');
  const f = trun.readUInt32BE(0);
  const n = trun.readUInt32BE(4);
  if (!(f & 0x100)) return { start, duration: n * byDefault };
  const step = 4 * [0x100, 0x200, 0x400, 0x800].filter((x) => f & x).length;
  let at = 8 + (f & 1 ? 4 : 0) + (f & 4 ? 4 : 0);
  let duration = 0;
  for (let i = 0; i < n; i++, at += step) duration += trun.readUInt32BE(at);
  return { start, duration };
}

const synchsafe = (n: number): Buffer => Buffer.from([n >> 21, n >> 14, n >> 7, n].map((x) => x & 0x7f));

function emsg(seconds: number, id: number, json: string): Buffer {
  const body = Buffer.concat([Buffer.from('\x03vitrine.cue\0'), Buffer.from(json), Buffer.from([0])]);
  const frame = Buffer.concat([Buffer.from('TXXX'), synchsafe(body.length), Buffer.from([0, 0]), body]);
  const tag = Buffer.concat([Buffer.from('ID3\x04\0\0'), synchsafe(frame.length), frame]);
  const head = Buffer.alloc(32);
  head.write('emsg', 4);
  head[8] = 1;
  head.writeUInt32BE(timescale, 12);
  head.writeBigUInt64BE(BigInt(Math.round(seconds * timescale)), 16);
  head.writeUInt32BE(timescale, 24);
  head.writeUInt32BE(id, 28);
  const box = Buffer.concat([head, Buffer.from('https://aomedia.org/emsg/ID3\0\0'), tag]);
  box.writeUInt32BE(box.length, 0);
  return box;
}

/** One rendition: what FFmpeg writes to one pipe, as a playlist. */
export class Rendition {
  init = Buffer.alloc(0);
  segments: Segment[] = [];
  private pending = Buffer.alloc(0);
  private moof: Buffer | null = null;
  private scale = 1;
  private readonly news = new EventEmitter().setMaxListeners(0);

  constructor(readonly name: string, private readonly cues: (start: number, first: boolean) => Buffer[]) {}

  read(from: Readable): void {
    from.on('data', (chunk: Buffer) => {
      this.pending = Buffer.concat([this.pending, chunk]);
      let used = 0;
      for (const box of boxes(this.pending)) {
        this.take(box.type, this.pending.subarray(used, box.end));
        used = box.end;
      }
      this.pending = this.pending.subarray(used);
    });
  }

  private take(type: string, bytes: Buffer): void {
    if (type === 'ftyp' || type === 'moov') {
      this.init = Buffer.concat([this.init, bytes]);
      if (type === 'moov') {
        const mdhd = child(bytes.subarray(8), 'trak', 'mdia', 'mdhd');
        this.scale = mdhd.readUInt32BE(mdhd[0] === 1 ? 20 : 12);
      }
    } else if (type === 'moof') {
      this.moof = Buffer.from(bytes);
    } else if (type === 'mdat' && this.moof) {
      this.add(Buffer.concat([this.moof, bytes]), times(this.moof.subarray(8)));
      this.moof = null;
    }
  }

  private add(bytes: Buffer, t: { start: number; duration: number }): void {
    const start = t.start / this.scale;
    const duration = t.duration / this.scale;
    let last = this.segments.at(-1);
    const full = last && start - last.parts[0]!.start > segmentLength - partTarget / 2;
    if (!last || full) {
      last = { msn: last ? last.msn + 1 : 1000, parts: [], at: Date.now() - duration * 1000 };
      this.segments.push(last);
      if (this.segments.length > kept) this.segments.shift();
    }
    last.parts.push({ bytes: Buffer.concat([...this.cues(start, last.parts.length === 0), bytes]), duration, start });
    this.news.emit('part');
  }

  /** Waits until part n of segment msn is there; gives up after 5 s. */
  async wait(msn: number, n: number): Promise<void> {
    const there = (): boolean => {
      const last = this.segments.at(-1);
      return last !== undefined && (last.msn > msn || (last.msn === msn && last.parts.length > n));
    };
    const until = Date.now() + 5000;
    while (!there() && Date.now() < until) {
      await new Promise<void>((done) => {
        const timer = setTimeout(done, 500);
        this.news.once('part', () => { clearTimeout(timer); done(); });
      });
    }
  }

  piece(name: string): Buffer | null {
    if (name === 'init.mp4') return this.init;
    const m = /^(\d+)(?:\.(\d+))?\.m4s$/.exec(name);
    const segment = this.segments.find((s) => s.msn === Number(m?.[1]));
    if (!m || !segment) return null;
    return m[2] === undefined ? Buffer.concat(segment.parts.map((p) => p.bytes)) : (segment.parts[Number(m[2])]?.bytes ?? null);
  }

  playlist(ended: boolean): string {
    const open = this.segments.at(-1);
    const lines = [
      '#EXTM3U', '#EXT-X-VERSION:6', `#EXT-X-TARGETDURATION:${segmentLength}`,
      `#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=${3 * partTarget},HOLD-BACK=${3 * segmentLength}`,
      `#EXT-X-PART-INF:PART-TARGET=${partTarget}`,
      `#EXT-X-MEDIA-SEQUENCE:${this.segments[0]?.msn ?? 0}`, '#EXT-X-MAP:URI="init.mp4"',
    ];
    for (const s of this.segments) {
      lines.push(`#EXT-X-PROGRAM-DATE-TIME:${new Date(s.at).toISOString()}`);
      s.parts.forEach((p, i) => lines.push(`#EXT-X-PART:DURATION=${p.duration.toFixed(5)},URI="${s.msn}.${i}.m4s"${i === 0 || this.name === 'audio' ? ',INDEPENDENT=YES' : ''}`));
      if (s !== open) lines.push(`#EXTINF:${s.parts.reduce((sum, p) => sum + p.duration, 0).toFixed(5)},`, `${s.msn}.m4s`);
    }
    if (ended) lines.push('#EXT-X-ENDLIST');
    else if (open) lines.push(`#EXT-X-PRELOAD-HINT:TYPE=PART,URI="${open.msn}.${open.parts.length}.m4s"`);
    return `${lines.join('\n')}\n`;
  }
}

export const multivariant = `#EXTM3U
#EXT-X-VERSION:6
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="audio",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="2",URI="audio/index.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=2200000,CODECS="avc1.42c01f,mp4a.40.2",RESOLUTION=960x540,FRAME-RATE=30,AUDIO="a"
source/index.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=900000,CODECS="avc1.42c01e,mp4a.40.2",RESOLUTION=640x360,FRAME-RATE=30,AUDIO="a"
360p/index.m3u8
`;

/** The stream: started by the first who asks, ended with the dev server. */
export class Live {
  readonly renditions = new Map<string, Rendition>();
  private ffmpeg: ChildProcess | null = null;
  private cues: { json: (t: number) => string }[] = [];
  private ids = 0;
  private sent = new Map<string, number>();

  constructor(private readonly state: (t: number) => string) {
    const place = (name: string) => (start: number, first: boolean): Buffer[] => {
      const from = this.sent.get(name) ?? this.cues.length;
      this.sent.set(name, this.cues.length);
      const found = this.cues.slice(from).map((c) => emsg(start, ++this.ids, c.json(start)));
      return first ? [emsg(start, ++this.ids, this.state(start)), ...found] : found;
    };
    for (const name of ['source', '360p']) this.renditions.set(name, new Rendition(name, place(name)));
    this.renditions.set('audio', new Rendition('audio', () => []));
  }

  /** Sends a cue in the next part of every video rendition. */
  send(json: (t: number) => string): void {
    this.cues.push({ json });
  }

  start(): void {
    if (this.ffmpeg) return;
    const mp4 = (parts: number): string[] => ['-f', 'mp4', '-movflags', '+empty_moov+default_base_moof', '-frag_duration', String(parts), '-flush_packets', '1'];
    const h264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-g', '60', '-sc_threshold', '0', '-pix_fmt', 'yuv420p'];
    this.ffmpeg = spawn('ffmpeg', [
      '-loglevel', 'error', '-re', '-f', 'lavfi', '-i', 'testsrc2=size=960x540:rate=30', '-re', '-f', 'lavfi', '-i', 'sine=frequency=220:sample_rate=48000',
      '-map', '0:v', ...h264, ...mp4(195000), 'pipe:3',
      '-map', '0:v', '-s', '640x360', ...h264, ...mp4(195000), 'pipe:4',
      '-map', '1:a', '-c:a', 'aac', '-b:a', '96k', '-ac', '2', ...mp4(185000), 'pipe:5',
    ], { stdio: ['ignore', 'inherit', 'inherit', 'pipe', 'pipe', 'pipe'] });
    [...this.renditions.values()].forEach((r, i) => r.read(this.ffmpeg!.stdio[3 + i] as Readable));
  }

  stop(): void {
    this.ffmpeg?.kill();
    this.ffmpeg = null;
  }
}

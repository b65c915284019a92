import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Plugin, ViteDevServer } from 'vite';
import { Live, multivariant } from './live.ts';

// A stand-in for the server, so that `npm run dev` shows both pages alive. The
// channel's name says in which state it is: demo, many, long, bare, warn, waiting,
// off, soon, ended, locked, lost. After End show the next show begins in ten seconds.

const poster = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1600 900"><defs><linearGradient id="g" x1="0" y1="0" x2="1" y2="1"><stop stop-color="#7a4a2b"/><stop offset="1" stop-color="#20130c"/></linearGradient></defs><rect width="1600" height="900" fill="url(#g)"/><circle cx="1180" cy="300" r="260" fill="#e8b07a" opacity=".5"/><circle cx="420" cy="700" r="340" fill="#c0693e" opacity=".45"/></svg>`;
const hues = [18, 32, 350, 205, 265, 150, 48, 95, 300];
const swatch = (no: number): string => `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 80 80"><rect width="80" height="80" fill="hsl(${hues[no % 9]} 45% 82%)"/><path d="M22 66c-4-30 4-50 18-50s22 20 18 50z" fill="hsl(${hues[no % 9]} 50% 38%)"/><circle cx="40" cy="36" r="11" fill="hsl(${hues[no % 9]} 40% 70%)"/></svg>`;
const titles = ['Honey bob', 'Chestnut lob', 'Jet black pixie', 'Ash blonde layers', 'Copper curls', 'Silver fringe', 'Auburn wave', 'Rose gold bob', 'Espresso straight'];
const longTitle = 'Hand-tied lace front wig with extra long auburn waves, heat resistant, adjustable cap, including the travel case and Pflegespülungskonzentrat';

interface Product { no: number; sku: string; title: string; price: string; currency: string; image: string; url: string }

function shelf(channel: string): Product[] {
  const n = channel === 'many' ? 36 : 9;
  return Array.from({ length: n }, (_, i) => ({
    no: i + 1,
    sku: `WIG-${i + 1}`,
    title: channel === 'long' ? (i === 2 ? 'باروكة شعر طبيعي طويلة بلون كستنائي' : longTitle) : titles[i % 9]!,
    price: i === 3 ? '45' : `${19 + i * 5}.90`,
    currency: channel === 'long' ? 'EUR' : 'USD',
    image: channel === 'bare' ? '' : channel === 'long' ? '/missing.png' : `/swatch/${i + 1}.svg`,
    url: `https://shop.example/wig-${i + 1}`,
  }));
}

const on: { id: string; no: number; since: string }[] = [];
const live = new Live((t) => JSON.stringify({ v: 1, type: 'state', media_time: t, on: on.map((o) => ({ id: o.id, no: o.no, sku: `WIG-${o.no}` })) }));

function place(type: 'show' | 'hide', no: number): object {
  const id = `c${Date.now()}`;
  const at = on.findIndex((o) => o.no === no);
  if (at >= 0) on.splice(at, 1);
  if (type === 'show') on.push({ id, no, since: new Date().toISOString() });
  if (on.length > 1) on.shift();
  live.send((t) => JSON.stringify({ v: 1, id, type, at: new Date().toISOString(), media_time: t, product: shelf('demo')[no - 1] }));
  return { id, type, product: no, late_ms: 0, on };
}

const states: Record<string, string> = { off: 'off', soon: 'off', ended: 'ended', waiting: 'waiting' };
const pause = 10_000;
const endedAt = new Map<string, number>();
const between = (channel: string): boolean => Date.now() - (endedAt.get(channel) ?? 0) < pause;
const stateOf = (channel: string): string => (between(channel) ? 'ended' : (states[channel] ?? 'live'));
const showOf = (channel: string): string => `s${between(channel) ? 0 : (endedAt.get(channel) ?? 1)}`;


function status(channel: string): object {
  const state = stateOf(channel);
  const later = channel === 'soon' ? new Date(Math.ceil((Date.now() + 40 * 60_000) / 300_000) * 300_000).toISOString() : null;
  return { channel, state, title: channel === 'long' ? longTitle : 'Autumn wigs with Mara', poster: '/poster.svg', starts_at: later, show: state === 'off' ? null : showOf(channel), playlist: `/live/${channel}/index.m3u8` };
}

function health(channel: string): object {
  const onAir = ['live', 'waiting'].includes(stateOf(channel));
  const warn = channel === 'warn';
  return {
    ...status(channel), watch_url: `/live/${channel}/`, publish: { rtmp: 'rtmp://127.0.0.1:1935/live' },
    show: onAir ? { id: showOf(channel), started_at: new Date(Date.now() - 754_000).toISOString() } : null,
    ingest: stateOf(channel) === 'live' ? {
      protocol: 'rtmp', remote: '192.0.2.7:50122', encoder: 'OBS 30.2', since: new Date().toISOString(),
      video: { codec: 'h264', width: 1280, height: 720, fps: 30, bitrate: 2_480_000, keyframe_interval: warn ? 8.3 : 2 },
      audio: warn ? null : { codec: 'aac', sample_rate: 48000, channels: 2, bitrate: 128000 },
    } : null,
    transcode: onAir ? { speed: warn ? 0.83 : 1, delay_ms: 7, restarts: warn ? 2 : 0, rungs: [{ name: '480p', width: 854, height: 480, bitrate: 1100000 }, { name: '360p', width: 640, height: 360, bitrate: 600000 }] } : null,
    warnings: warn ? [
      { code: 'keyframes', text: 'Keyframes are 8 s apart. Set Keyframe Interval to 2 s in OBS, Output.' },
      { code: 'audio', text: 'There is no sound in your stream. Look at the mixer in OBS.' },
      { code: 'slow', text: 'This machine is too slow for the ladder: FFmpeg runs at 0.83 of real time.' },
    ] : [],
    viewers: onAir ? 128 : 0, clock: onAir ? { source: 'arrival', error_ms: 50 } : null, on: onAir ? on : [],
  };
}

function send(res: ServerResponse, code: number, type: string, body: string | Buffer): void {
  res.writeHead(code, { 'Content-Type': type, 'Cache-Control': 'no-store', 'Access-Control-Allow-Origin': '*' }).end(body);
}
const json = (res: ServerResponse, v: unknown, code = 200): void => send(res, code, 'application/json', JSON.stringify(v));

async function body(req: IncomingMessage): Promise<Record<string, unknown>> {
  let s = '';
  for await (const chunk of req) s += String(chunk);
  return s === '' ? {} : (JSON.parse(s) as Record<string, unknown>);
}

async function api(req: IncomingMessage, res: ServerResponse, channel: string, rest: string): Promise<void> {
  if (channel === 'locked') return json(res, { title: 'Unauthorized' }, 401);
  if (channel === 'lost') return void req.socket.destroy();
  if (rest === 'products') return json(res, { version: '1', products: shelf(channel) });
  if (rest === 'cues' && req.method === 'POST') {
    const b = await body(req);
    if (b['product'] === 4) return json(res, { title: 'Conflict', detail: 'the channel is off air: go live, then show the product' }, 409);
    return json(res, place(b['type'] as 'show' | 'hide', Number(b['product'])), 201);
  }
  if (rest === 'end') endedAt.set(channel, Date.now());
  if (req.method !== 'GET') return send(res, 204, 'text/plain', '');
  json(res, health(channel));
}

async function media(res: ServerResponse, url: URL, channel: string, file: string): Promise<boolean> {
  live.start();
  if (file === 'index.m3u8') {
    for (const r of live.renditions.values()) await r.wait(1001, 0);
    send(res, 200, 'application/vnd.apple.mpegurl', multivariant);
    return true;
  }
  const [name = '', piece = ''] = file.split('/');
  const rendition = live.renditions.get(name);
  if (!rendition) return false;
  if (piece === 'index.m3u8') {
    const msn = Number(url.searchParams.get('_HLS_msn') ?? 0);
    await rendition.wait(msn, Number(url.searchParams.get('_HLS_part') ?? 0));
    send(res, 200, 'application/vnd.apple.mpegurl', rendition.playlist(between(channel)));
    return true;
  }
  const bytes = rendition.piece(piece);
  send(res, bytes ? 200 : 404, 'video/mp4', bytes ?? '');
  return true;
}

async function handle(server: ViteDevServer, req: IncomingMessage, res: ServerResponse): Promise<boolean> {
  const url = new URL(req.url ?? '/', 'http://dev');
  const [, area = '', channel = '', ...more] = url.pathname.split('/');
  const rest = more.join('/');
  if (url.pathname === '/poster.svg') return send(res, 200, 'image/svg+xml', poster), true;
  if (area === 'swatch') return send(res, 200, 'image/svg+xml', swatch(parseInt(channel, 10))), true;
  if (area === 'api') return await api(req, res, more[1] ?? '', more.slice(2).join('/')), true;
  if (area === 'console' || (area === 'live' && rest === '')) {
    const page = area === 'console' ? 'console.html' : 'player.html';
    const html = await server.transformIndexHtml(`/${page}`, readFileSync(new URL(`../${page}`, import.meta.url), 'utf8'));
    return send(res, 200, 'text/html', html), true;
  }
  if (area !== 'live') return false;
  if (rest === 'status.json') return json(res, status(channel)), true;
  if (rest === 'shelf.json') return json(res, { version: '1', products: shelf(channel) }), true;
  if (['off', 'ended'].includes(states[channel] ?? '')) return send(res, 404, 'text/plain', ''), true;
  return media(res, url, channel, rest);
}

export function mock(): Plugin {
  return {
    name: 'vitrine-mock',
    apply: 'serve',
    configureServer(server) {
      server.httpServer?.on('close', () => live.stop());
      server.middlewares.use((req, res, next) => {
        handle(server, req, res).then((done) => { if (!done) next(); }, next);
      });
    },
  };
}

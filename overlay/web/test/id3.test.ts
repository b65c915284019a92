import { describe, expect, it } from 'vitest';
import { maxTagBytes, userText } from '../src/cue/id3';

const hex = (s: string): Uint8Array => Uint8Array.from(s.replace(/\s/g, '').match(/../g)!, (b) => parseInt(b, 16));

// The tag of a checked emsg vector: one TXXX "cue" with {"id":"c1"}.
const vector = hex(`
  4944330400000000001b 5458585800000011 0000 03 63756500 7b226964223a226331227d00`);

const text = new TextEncoder();
const synchsafe = (n: number): number[] => [n >> 21, n >> 14, n >> 7, n].map((x) => x & 0x7f);

function frame(id: string, body: Uint8Array | number[]): number[] {
  return [...text.encode(id), ...synchsafe(body.length), 0, 0, ...body];
}
function tag(...frames: number[][]): Uint8Array {
  const body = frames.flat();
  return Uint8Array.from([...text.encode('ID3'), 4, 0, 0, ...synchsafe(body.length), ...body]);
}
const txxx = (description: string, value: string, encoding = 3): number[] =>
  frame('TXXX', [encoding, ...text.encode(description), 0, ...text.encode(value), 0]);

describe('userText', () => {
  it('reads the checked vector', () => {
    expect(userText(vector, 'cue')).toBe('{"id":"c1"}');
  });

  it('reads a value with letters of any script, and without a closing NUL', () => {
    const open = frame('TXXX', [3, ...text.encode('vitrine.cue\0{"t":"Pflege 香"}')]);
    expect(userText(tag(open))).toBe('{"t":"Pflege 香"}');
  });

  it('finds its frame among others', () => {
    expect(userText(tag(frame('PRIV', [1, 0, 2]), txxx('other', 'x'), txxx('vitrine.cue', 'y')))).toBe('y');
  });

  it('reads a frame longer than 127 bytes, whose size is synchsafe', () => {
    expect(userText(tag(txxx('vitrine.cue', 'x'.repeat(300))))).toBe('x'.repeat(300));
  });

  it.each<[string, Uint8Array]>([
    ['nothing', new Uint8Array()],
    ['no tag', text.encode('hello, this is no tag')],
    ['another version', Uint8Array.from(vector, (b, i) => (i === 3 ? 3 : b))],
    ['unsynchronised', Uint8Array.from(vector, (b, i) => (i === 5 ? 0x80 : b))],
    ['a size that is not synchsafe', Uint8Array.from(vector, (b, i) => (i === 9 ? 0x9b : b))],
    ['a tag cut short', vector.subarray(0, 30)],
    ['a frame longer than its tag', Uint8Array.from(vector, (b, i) => (i === 17 ? 0x12 : b))],
    ['a TXXX without its NUL', tag(frame('TXXX', [3, ...text.encode('cue')]))],
    ['an empty TXXX', tag(frame('TXXX', []))],
    ['UTF-16', tag(txxx('cue', 'x', 1))],
    ['broken UTF-8', tag(frame('TXXX', [3, ...text.encode('cue'), 0, 0xff, 0xfe]))],
    ['another description', tag(txxx('cues', 'x'))],
    ['too much', tag(txxx('cue', 'x'.repeat(maxTagBytes)))],
  ])('finds nothing in %s', (_name, bytes) => {
    expect(userText(bytes, 'cue')).toBeNull();
  });

  it('never throws, whatever the bytes', () => {
    let seed = 1;
    const random = (): number => (seed = (seed * 48271) % 0x7fffffff);
    for (let i = 0; i < 5000; i++) {
      const bytes = Uint8Array.from(vector);
      for (let n = random() % 4; n >= 0; n--) bytes[random() % bytes.length] = random() & 0xff;
      expect(() => userText(bytes.subarray(0, random() % (bytes.length + 1)), 'cue')).not.toThrow();
    }
  });
});

import { describe, expect, it } from 'vitest';
import { readCue } from '../src/cue/cue';

const product = { no: 7, sku: 'WIG-7', title: 'Auburn wave', price: '29.90', currency: 'USD', image: 'https://x/7.jpg', url: 'https://x/7' };

describe('readCue', () => {
  it('reads a product put on show, whole', () => {
    const cue = readCue(JSON.stringify({ v: 1, id: '01JD', type: 'show', at: '2026-11-22T10:00:00.123Z', media_time: 86.4, product }));
    expect(cue).toMatchObject({ type: 'show', id: '01JD', item: { id: '01JD', no: 7, product } });
  });

  it('reads a state with its offers', () => {
    const cue = readCue('{"v":1,"type":"state","media_time":88,"on":[{"id":"a","no":7,"sku":"S","offer":{"price":"19.90","ends":388,"left":412}}]}');
    expect(cue).toEqual({ type: 'state', on: [{ id: 'a', no: 7, sku: 'S', offer: { price: '19.90', ends: 388, left: 412 } }] });
  });

  it('reads a state of nothing: that is what heals a missed hide', () => {
    expect(readCue('{"v":1,"type":"state","on":[]}')).toEqual({ type: 'state', on: [] });
  });

  it('keeps at most three on show', () => {
    const on = [1, 2, 3, 4].map((no) => ({ id: String(no), no, sku: '' }));
    expect(readCue(JSON.stringify({ type: 'state', on }))).toMatchObject({ on: [{ no: 1 }, { no: 2 }, { no: 3 }] });
  });

  it('lets no link be a script', () => {
    const cue = readCue(JSON.stringify({ id: 'a', type: 'show', product: { ...product, url: 'javascript:alert(1)', image: '//evil/x' } }));
    expect(cue).toMatchObject({ item: { product: { url: '', image: '' } } });
  });

  it.each([
    ['no JSON', '{'],
    ['no object', '[]'],
    ['an unknown type', '{"type":"dance","id":"a","product":{"no":1}}'],
    ['no number', '{"type":"show","id":"a","product":{"no":"7"}}'],
    ['a number out of range', '{"type":"show","id":"a","product":{"no":-7}}'],
    ['no id', '{"type":"show","product":{"no":7}}'],
    ['a state without a list', '{"type":"state"}'],
  ])('ignores %s', (_name, json) => {
    expect(readCue(json)).toBeNull();
  });
});

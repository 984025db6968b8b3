import { describe, expect, it } from 'vitest';
import { SseParser, type SseEvent } from './sse';

const STREAM = '\uFEFF: hello\r\nevent: text\r\ndata: {"text":"a"}\r\n\r\nevent:answer\ndata: one\ndata:two\n\nid: 7\rdata\r\rdata: cut off';
const EVENTS: SseEvent[] = [
  { event: 'text', data: '{"text":"a"}' },
  { event: 'answer', data: 'one\ntwo' },
  { event: 'message', data: '' },
];

function parse(pieces: string[]): SseEvent[] {
  const parser = new SseParser();
  return pieces.flatMap((piece) => parser.push(piece));
}

describe('SseParser', () => {
  it('reads comments, all line ends and several data lines, and drops an event without its end', () => {
    expect(parse([STREAM])).toEqual(EVENTS);
  });

  it('does not mind where the pieces end', () => {
    expect(parse([...STREAM])).toEqual(EVENTS);
    for (let at = 0; at <= STREAM.length; at++) {
      expect(parse([STREAM.slice(0, at), '', STREAM.slice(at)])).toEqual(EVENTS);
    }
  });

  it('tells a line feed that ends a line from one that starts the next', () => {
    expect(parse(['data: a\r', '\n', '\n'])).toEqual([{ event: 'message', data: 'a' }]);
  });
});

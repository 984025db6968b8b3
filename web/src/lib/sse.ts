/** One event of a `text/event-stream`. */
export interface SseEvent {
  event: string;
  data: string;
}

/**
 * Reads a stream of server-sent events piece by piece. Pieces may end anywhere, also inside a line end; comments and
 * the fields `id` and `retry` are read over; several `data` lines make one event.
 */
export class SseParser {
  #rest = '';
  #event = '';
  #data: string[] = [];
  #skipLineFeed = false;
  #started = false;

  /** Takes the next piece of text and gives the events that it completed. */
  push(piece: string): SseEvent[] {
    if (piece === '') return [];
    if (!this.#started) {
      this.#started = true;
      if (piece.startsWith('\uFEFF')) piece = piece.slice(1);
    }
    // The carriage return at the end of the last piece ended a line already.
    if (this.#skipLineFeed && piece.startsWith('\n')) piece = piece.slice(1);
    this.#skipLineFeed = piece.endsWith('\r');
    const lines = (this.#rest + piece).split(/\r\n|\r|\n/);
    this.#rest = lines.pop() ?? '';
    return lines.flatMap((line) => this.#line(line) ?? []);
  }

  #line(line: string): SseEvent | undefined {
    if (line === '') return this.#dispatch();
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'event') this.#event = value;
    if (field === 'data') this.#data.push(value);
    return undefined;
  }

  #dispatch(): SseEvent | undefined {
    const event = { event: this.#event || 'message', data: this.#data.join('\n') };
    const complete = this.#data.length > 0;
    this.#event = '';
    this.#data = [];
    return complete ? event : undefined;
  }
}

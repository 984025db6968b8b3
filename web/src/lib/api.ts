import { SseParser, type SseEvent } from './sse';

// These types mirror `wire.rs`, `routes/sources.rs` and `problem.rs` of the server.

export type CitationState = 'quoted' | 'matched' | 'not_verified';

export interface Citation {
  number: number;
  title: string;
  source: string;
  path: string;
  commit: string | null;
  start_line: number;
  end_line: number;
  url: string | null;
  quote: string;
  synced_at: string | null;
  state: CitationState;
  score: number;
}

export interface Passage {
  source: string;
  path: string;
  commit: string | null;
  start_line: number;
  end_line: number;
  title: string;
  breadcrumb: string[];
  url: string | null;
  text: string;
  score: number;
  dense_score: number | null;
  sparse_score: number | null;
}

export interface Freshness {
  source: string;
  synced_at: string | null;
  commit: string | null;
  state: string;
}

export interface Usage {
  model: string | null;
  prompt_tokens: number | null;
  completion_tokens: number | null;
  cost_usd: number | null;
  prompt_hash: string | null;
}

/** A thing of the platform. */
export interface Thing {
  reference: string;
  kind: string;
  name: string;
}

/** What was computed exactly. The text of the answer shows it; the query is what a follow-up edits. */
export interface Facts {
  reading: string;
  query: unknown;
  total: number;
  completeness: 'exact' | 'at_least' | 'unknown';
}

/** Several things that a name may mean. */
export interface Choices {
  name: string;
  things: Thing[];
}

export interface Answer {
  text: string;
  citations: Citation[];
  passages: Passage[];
  abstained: boolean;
  mode: 'extract' | 'model' | 'facts';
  notice: string | null;
  freshness: Freshness[];
  usage: Usage | null;
  facts: Facts | null;
  choices: Choices | null;
  conversation_id: string | null;
  trace_id: string;
}

export interface Source {
  name: string;
  kind: string;
  location: string;
  state: 'live' | 'partial' | 'never_synced' | 'failed' | 'syncing';
  files: number;
  chunks: number;
  skipped: number;
  failed: number;
  synced_at: string | null;
  commit: string | null;
  error: string | null;
}

export interface Problem {
  status: number;
  title: string;
  detail: string;
  code: string;
}

export type AskEvent =
  | { event: 'stage'; data: { stage: 'searching' | 'answering'; passages: number | null } }
  | { event: 'text'; data: { text: string } }
  | { event: 'citation'; data: Citation }
  | { event: 'answer'; data: Answer }
  | { event: 'error'; data: Problem };

/** A request that was not served, with the server's words for it. */
export class ProblemError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail);
    this.problem = problem;
  }
}

/** What the page says about anything that was thrown. */
export function problemOf(error: unknown): Problem {
  if (error instanceof ProblemError) return error.problem;
  if (error instanceof SyntaxError) return brokenOff;
  const detail = 'Check that `virgil serve` runs and that this page can reach it, then try again.';
  return { status: 0, title: 'The server cannot be reached', detail, code: 'unreachable' };
}

/** For a stream that ended without its last event. */
export const brokenOff: Problem = {
  status: 0,
  title: 'The answer broke off',
  detail: 'The stream ended before the answer was complete. Try again; the server\u2019s log may have the cause.',
  code: 'broken_off',
};

async function send(path: string, key: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  if (key) headers.set('Authorization', `Bearer ${key}`);
  const response = await fetch(path, { ...init, headers });
  if (response.ok) return response;
  const body = (await response.json().catch(() => ({}))) as Partial<Problem>;
  throw new ProblemError({
    status: response.status,
    title: body.title ?? `The server answered with ${response.status}`,
    detail: body.detail ?? response.statusText,
    code: body.code ?? 'unknown',
  });
}

/** The sources that the holder of the key may see. */
export async function listSources(key: string): Promise<Source[]> {
  const response = await send('/api/v1/sources', key, { headers: { Accept: 'application/json' } });
  return ((await response.json()) as { sources: Source[] }).sources;
}

/** Asks, and gives the events of the answer as they come; `answer` or `error` is the last. */
export async function* ask(
  question: string,
  lastQuery: unknown,
  key: string,
  signal: AbortSignal,
): AsyncGenerator<AskEvent> {
  const response = await send('/api/v1/ask', key, {
    method: 'POST',
    signal,
    headers: { 'Content-Type': 'application/json', Accept: 'text/event-stream' },
    body: JSON.stringify(lastQuery ? { question, context: { last_query: lastQuery } } : { question }),
  });
  if (!response.body) return;
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  const parser = new SseParser();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      for (const event of parser.push(decoder.decode(value, { stream: true }))) {
        const known = askEvent(event);
        if (known) yield known;
      }
    }
  } finally {
    // Tells the server that nobody listens any more; a stream that ended needs no telling.
    void reader.cancel().catch(() => undefined);
  }
}

function askEvent({ event, data }: SseEvent): AskEvent | undefined {
  if (!['stage', 'text', 'citation', 'answer', 'error'].includes(event)) return undefined;
  return { event, data: JSON.parse(data) as unknown } as AskEvent;
}

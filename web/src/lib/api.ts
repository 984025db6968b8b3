import { json, send, type Problem } from './request';
import { SseParser, type SseEvent } from './sse';

// These types mirror `wire.rs`, `routes/sources.rs` and `exact.rs` of the server.

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

/** What was computed exactly. The text of the answer shows it. */
export interface Facts {
  reading: string;
  total: number;
  completeness: 'exact' | 'at_least' | 'unknown';
}

/** A relation of a picture, between references. */
export interface PictureEdge {
  from: string;
  predicate: string;
  to: string;
  /** The numbers of the citations that state it. */
  citations: number[];
}

/** What facts rest on. */
export interface Picture {
  nodes: Thing[];
  edges: PictureEdge[];
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
  graph: Picture | null;
  choices: Choices | null;
  /** The question as it was searched for, if it needed what was asked before. */
  standalone_question: string | null;
  conversation_id: string | null;
  turn: number | null;
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

export type AskEvent =
  | { event: 'stage'; data: { stage: 'searching' | 'answering'; passages: number | null } }
  | { event: 'text'; data: { text: string } }
  | { event: 'citation'; data: Citation }
  | { event: 'answer'; data: Answer }
  | { event: 'error'; data: Problem };

/** The sources that the holder of the key may see. */
export async function listSources(key: string): Promise<Source[]> {
  return (await json<{ sources: Source[] }>('/api/v1/sources', key)).sources;
}

/** The language models that may be chosen. */
export interface Models {
  default: string | null;
  models: { name: string }[];
}

export function listModels(key: string): Promise<Models> {
  return json<Models>('/api/v1/models', key);
}

/** What is asked. */
export interface AskRequest {
  question: string;
  /** The conversation that goes on, or `new`. */
  conversation_id: string;
  model?: string;
}

/** Asks, and gives the events of the answer as they come; `answer` or `error` is the last. */
export async function* ask(request: AskRequest, key: string, signal: AbortSignal): AsyncGenerator<AskEvent> {
  const response = await send('/api/v1/ask', key, {
    method: 'POST',
    signal,
    headers: { 'Content-Type': 'application/json', Accept: 'text/event-stream' },
    body: JSON.stringify(request),
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

import type { Answer } from './api';
import { json, problemOf, send, type Problem } from './request';
import type { Session } from './session.svelte';

// These types mirror `wire_conversations.rs` of the server.

export interface Conversation {
  id: string;
  title: string;
  created_at: string;
  updated_at: string;
  turns: number;
}

/** A question and its answer, as they were kept. */
export interface KeptTurn {
  turn: number;
  asked_at: string;
  question: string;
  /** Whether the answer is not given, because it rests on files that are gone or hidden now. */
  withheld: boolean;
  answer: Answer | null;
}

export interface History extends Conversation {
  history: KeptTurn[];
  /** What to ask for to get earlier turns; null if there are none. */
  before: number | null;
}

interface Page {
  conversations: Conversation[];
  next_cursor: string | null;
  retention: { max_age_days: number };
}

const PATH = '/api/v1/conversations';

/** The conversations of whoever holds the key. */
export class Conversations {
  list = $state.raw<Conversation[]>([]);
  /** How many days a conversation is kept after its last question. */
  days = $state<number | null>(null);
  more = $state<string | null>(null);
  problem = $state.raw<Problem | null>(null);
  #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  /** Reads the first page again. */
  async load(): Promise<void> {
    await this.#try(async () => {
      const shown = Math.min(Math.max(this.list.length, 50), 200);
      const page = await json<Page>(`${PATH}?limit=${shown}`, this.#session.key);
      this.list = page.conversations;
      this.more = page.next_cursor;
      this.days = page.retention.max_age_days;
    });
  }

  /** Reads the page after the last. */
  async loadMore(): Promise<void> {
    await this.#try(async () => {
      if (!this.more) return;
      const page = await json<Page>(`${PATH}?limit=50&cursor=${encodeURIComponent(this.more)}`, this.#session.key);
      this.list = [...this.list, ...page.conversations];
      this.more = page.next_cursor;
    });
  }

  /** The last turns of a conversation, or those before one of them. */
  read(id: string, before?: number): Promise<History> {
    const query = before ? `?before=${before}` : '';
    return json<History>(`${PATH}/${encodeURIComponent(id)}${query}`, this.#session.key);
  }

  async rename(id: string, title: string): Promise<void> {
    await this.#try(async () => {
      const renamed = await json<Conversation>(`${PATH}/${id}`, this.#session.key, 'PATCH', { title });
      this.list = this.list.map((conversation) => (conversation.id === id ? renamed : conversation));
    });
  }

  /** Deletes for good; true if it is gone. */
  async remove(id: string): Promise<boolean> {
    const done = await this.#try(async () => {
      await send(`${PATH}/${id}`, this.#session.key, { method: 'DELETE' });
    });
    if (done) this.list = this.list.filter((conversation) => conversation.id !== id);
    return done;
  }

  /** Gives the conversation to the browser as a file. */
  async export(id: string, format: 'markdown' | 'json'): Promise<void> {
    await this.#try(async () => {
      const response = await send(`${PATH}/${id}/export?format=${format}`, this.#session.key);
      const address = URL.createObjectURL(await response.blob());
      const link = document.createElement('a');
      link.href = address;
      link.download = `conversation-${id}.${format === 'json' ? 'json' : 'md'}`;
      link.click();
      setTimeout(() => URL.revokeObjectURL(address), 10_000);
    });
  }

  clear(): void {
    this.list = [];
    this.more = null;
    this.problem = null;
  }

  /** Does something, and notes what went wrong; true if nothing did. */
  async #try(work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      this.problem = null;
      return true;
    } catch (error) {
      const problem = problemOf(error);
      if (problem.status === 401) this.#session.refuse(problem);
      else this.problem = problem;
      return false;
    }
  }
}

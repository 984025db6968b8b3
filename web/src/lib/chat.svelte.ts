import { ask, brokenOff, problemOf, type Answer, type AskEvent, type Citation, type Problem } from './api';
import type { Session } from './session.svelte';

/** A question and what has come of it. */
export class Turn {
  readonly id: number;
  readonly question: string;
  state = $state<'running' | 'done' | 'stopped' | 'failed'>('running');
  stage = $state<'searching' | 'answering'>('searching');
  /** How many passages the answer is made from. */
  passages = $state<number | null>(null);
  text = $state('');
  citations = $state.raw<Citation[]>([]);
  answer = $state.raw<Answer | null>(null);
  problem = $state.raw<Problem | null>(null);

  constructor(id: number, question: string) {
    this.id = id;
    this.question = question;
  }

  reset(): void {
    this.state = 'running';
    this.stage = 'searching';
    this.passages = null;
    this.text = '';
    this.citations = [];
    this.answer = null;
    this.problem = null;
  }

  take({ event, data }: AskEvent): void {
    switch (event) {
      case 'stage':
        this.stage = data.stage;
        this.passages = data.passages;
        break;
      case 'text':
        this.text += data.text;
        break;
      case 'citation':
        this.citations = [...this.citations, data];
        break;
      case 'answer':
        this.answer = data;
        this.text = data.text;
        this.citations = data.citations;
        this.state = 'done';
        break;
      case 'error':
        this.fail(data);
    }
  }

  fail(problem: Problem): void {
    this.problem = problem;
    this.state = 'failed';
  }
}

/** The conversation of this tab. The server keeps none; a question takes the query before it along. */
export class Chat {
  turns = $state.raw<Turn[]>([]);
  running = $derived(this.turns.some((turn) => turn.state === 'running'));
  #session: Session;
  #abort: AbortController | null = null;

  constructor(session: Session) {
    this.#session = session;
  }

  ask(question: string): void {
    if (this.running) return;
    const turn = new Turn(this.turns.length + 1, question);
    this.turns = [...this.turns, turn];
    void this.#run(turn);
  }

  retry(turn: Turn): void {
    if (this.running) return;
    turn.reset();
    void this.#run(turn);
  }

  /** Asks the last question again if it failed for want of a key. */
  retryRefused(): void {
    const last = this.turns.at(-1);
    if (last?.problem?.status === 401) this.retry(last);
  }

  stop(): void {
    this.#abort?.abort();
  }

  /** What the turn before was computed from, so that `and who owns those?` is understood. */
  #lastQuery(turn: Turn): unknown {
    return this.turns[this.turns.indexOf(turn) - 1]?.answer?.facts?.query;
  }

  async #run(turn: Turn): Promise<void> {
    const abort = new AbortController();
    this.#abort = abort;
    try {
      const events = ask(turn.question, this.#lastQuery(turn), this.#session.key, abort.signal);
      for await (const event of events) turn.take(event);
      if (turn.state === 'running') turn.fail(brokenOff);
    } catch (error) {
      if (abort.signal.aborted) turn.state = 'stopped';
      else turn.fail(problemOf(error));
    }
    if (turn.problem?.status === 401) this.#session.refuse(turn.problem);
  }
}

import { ask, type Answer, type AskEvent, type AskRequest, type Citation } from './api';
import type { Conversations, KeptTurn } from './conversations.svelte';
import { brokenOff, problemOf, type Problem } from './request';
import type { Session } from './session.svelte';

const LEFT_OFF = 'virgil.conversation';

/** A question and what has come of it. */
export class Turn {
  /** Unique on the page. */
  readonly id: number;
  readonly question: string;
  state = $state<'running' | 'done' | 'stopped' | 'failed' | 'withheld'>('running');
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
        this.finish(data);
        break;
      case 'error':
        this.fail(data);
    }
  }

  finish(answer: Answer): void {
    this.answer = answer;
    this.text = answer.text;
    this.citations = answer.citations;
    this.state = 'done';
  }

  fail(problem: Problem): void {
    this.problem = problem;
    this.state = 'failed';
  }
}

/** The conversation that is open. The server keeps it; it begins with its first answer. */
export class Chat {
  turns = $state.raw<Turn[]>([]);
  /** Null until the server keeps it. */
  id = $state<string | null>(null);
  /** What to ask the server for to get earlier turns. */
  before = $state<number | null>(null);
  /** Why the conversation could not be opened. */
  problem = $state.raw<Problem | null>(null);
  running = $derived(this.turns.some((turn) => turn.state === 'running'));
  #session: Session;
  #conversations: Conversations;
  #abort: AbortController | null = null;
  #made = 0;
  /** The id that was last asked to be opened: of two answers that come out of turn the later request counts. */
  #opening: string | null = null;

  constructor(session: Session, conversations: Conversations) {
    this.#session = session;
    this.#conversations = conversations;
  }

  /** Begins another conversation. */
  begin(): void {
    if (!this.running) this.leave();
  }

  /** Leaves what is open, whatever is under way. */
  leave(): void {
    this.#abort?.abort();
    this.#opening = null;
    this.#show(null, []);
    localStorage.removeItem(LEFT_OFF);
  }

  /** Opens a conversation; true if it is there. */
  async open(id: string): Promise<boolean> {
    if (this.running) return false;
    this.#opening = id;
    try {
      const { history, before } = await this.#conversations.read(id);
      if (this.#opening !== id || this.running) return false;
      this.#show(id, history.map((kept) => this.#kept(kept)));
      this.before = before;
      localStorage.setItem(LEFT_OFF, id);
      return true;
    } catch (error) {
      const problem = problemOf(error);
      if (problem.status === 401) this.#session.refuse(problem);
      else this.problem = problem;
      return false;
    }
  }

  /** Opens the conversation that was open last in this browser, if it is still there. */
  async goOn(): Promise<void> {
    const id = localStorage.getItem(LEFT_OFF);
    if (!id || this.turns.length > 0) return;
    if ((await this.open(id)) || this.problem?.status !== 404) return;
    localStorage.removeItem(LEFT_OFF);
    this.problem = null;
  }

  /** Puts the turns before the first one in front of it. */
  async loadEarlier(): Promise<void> {
    if (!this.id || !this.before) return;
    try {
      const { history, before } = await this.#conversations.read(this.id, this.before);
      this.turns = [...history.map((kept) => this.#kept(kept)), ...this.turns];
      this.before = before;
      this.problem = null;
    } catch (error) {
      this.problem = problemOf(error);
    }
  }

  ask(question: string): void {
    if (this.running) return;
    const turn = new Turn(++this.#made, question);
    this.turns = [...this.turns, turn];
    void this.#run(turn);
  }

  /** Asks again: in place where nothing has come of it, else as a further question. */
  retry(turn: Turn): void {
    if (this.running) return;
    if (turn.state === 'withheld') {
      this.ask(turn.question);
      return;
    }
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

  #show(id: string | null, turns: Turn[]): void {
    this.id = id;
    this.turns = turns;
    this.before = null;
    this.problem = null;
  }

  #kept({ question, answer }: KeptTurn): Turn {
    const turn = new Turn(++this.#made, question);
    if (answer) turn.finish(answer);
    else turn.state = 'withheld';
    return turn;
  }

  async #run(turn: Turn): Promise<void> {
    const abort = new AbortController();
    this.#abort = abort;
    const request: AskRequest = { question: turn.question, conversation_id: this.id ?? 'new' };
    if (this.#session.model) request.model = this.#session.model;
    try {
      for await (const event of ask(request, this.#session.key, abort.signal)) turn.take(event);
      if (turn.state === 'running') turn.fail(brokenOff);
    } catch (error) {
      if (abort.signal.aborted) turn.state = 'stopped';
      else turn.fail(problemOf(error));
    }
    if (turn.problem?.status === 401) this.#session.refuse(turn.problem);
    const id = turn.answer?.conversation_id;
    if (!id || !this.turns.includes(turn)) return;
    this.id = id;
    localStorage.setItem(LEFT_OFF, id);
    void this.#conversations.load();
  }
}

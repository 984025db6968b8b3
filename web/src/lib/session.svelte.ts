import { listModels, listSources, type Models, type Source } from './api';
import { problemOf, type Problem } from './request';

const STORED_KEY = 'virgil.api-key';
const STORED_MODEL = 'virgil.model';

/** Who asks, and what they can ask about. */
export class Session {
  /** The API key; kept until the tab is closed, empty if the server wants none. */
  key = $state(sessionStorage.getItem(STORED_KEY) ?? '');
  /** Whether the server refused a request for want of a (valid) key; holds its words. */
  refusal = $state.raw<Problem | null>(null);
  /** The sources, once they are known. */
  sources = $state.raw<Source[] | null>(null);
  problem = $state.raw<Problem | null>(null);
  /** The language models, once they are known. */
  models = $state.raw<Models | null>(null);
  /** The one that was chosen; empty for the one that answers when none is. */
  model = $state('');

  /** Reads the sources again; true if the server answered. */
  async load(): Promise<boolean> {
    try {
      this.sources = await listSources(this.key);
      if (!this.models) await this.#loadModels();
      this.problem = null;
      this.refusal = null;
      return true;
    } catch (error) {
      const problem = problemOf(error);
      if (problem.status === 401) this.refuse(problem);
      else this.problem = problem;
      return false;
    }
  }

  /** Chooses a model, also for the next time. */
  choose(model: string): void {
    this.model = model;
    localStorage.setItem(STORED_MODEL, model);
  }

  async #loadModels(): Promise<void> {
    this.models = await listModels(this.key);
    const chosen = localStorage.getItem(STORED_MODEL) ?? '';
    // It may have been taken off the list.
    this.model = this.models.models.some(({ name }) => name === chosen) ? chosen : '';
  }

  /** Takes note that a key is needed, or another one. */
  refuse(problem: Problem): void {
    this.refusal = problem;
    this.problem = null;
    this.sources = null;
  }

  /** Tries a key; true if the server takes it. */
  async use(key: string): Promise<boolean> {
    this.key = key.trim();
    const taken = await this.load();
    if (taken) sessionStorage.setItem(STORED_KEY, this.key);
    return taken;
  }

  /** Forgets the key. */
  async forget(): Promise<void> {
    sessionStorage.removeItem(STORED_KEY);
    this.key = '';
    this.sources = null;
    this.models = null;
    await this.load();
  }
}

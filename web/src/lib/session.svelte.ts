import { listSources, problemOf, type Problem, type Source } from './api';

const STORED_KEY = 'virgil.api-key';

/** Who asks, and what they can ask about. */
export class Session {
  /** The API key; kept until the tab is closed, empty if the server wants none. */
  key = $state(sessionStorage.getItem(STORED_KEY) ?? '');
  /** Whether the server refused a request for want of a (valid) key; holds its words. */
  refusal = $state.raw<Problem | null>(null);
  /** The sources, once they are known. */
  sources = $state.raw<Source[] | null>(null);
  problem = $state.raw<Problem | null>(null);

  /** Reads the sources again; true if the server answered. */
  async load(): Promise<boolean> {
    try {
      this.sources = await listSources(this.key);
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
    await this.load();
  }
}

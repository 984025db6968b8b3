/** A problem document of the server. */
export interface Problem {
  status: number;
  title: string;
  detail: string;
  code: string;
}

/** A request that was not served, with the server's words for it. */
export class ProblemError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail);
    this.problem = problem;
  }
}

/** For a stream that ended without its last event. */
export const brokenOff: Problem = {
  status: 0,
  title: 'The answer broke off',
  detail: 'The stream ended before the answer was complete. Try again; the server\u2019s log may have the cause.',
  code: 'broken_off',
};

/** What the page says about anything that was thrown. */
export function problemOf(error: unknown): Problem {
  if (error instanceof ProblemError) return error.problem;
  if (error instanceof SyntaxError) return brokenOff;
  const detail = 'Check that `virgil serve` runs and that this page can reach it, then try again.';
  return { status: 0, title: 'The server cannot be reached', detail, code: 'unreachable' };
}

/** Sends a request with the key; throws the server's problem if it refuses. */
export async function send(path: string, key: string, init: RequestInit = {}): Promise<Response> {
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

/** Sends a request and reads its JSON. */
export async function json<T>(path: string, key: string, method = 'GET', body?: unknown): Promise<T> {
  const headers: Record<string, string> = { Accept: 'application/json' };
  const init: RequestInit = { method, headers };
  if (body !== undefined) {
    headers['Content-Type'] = 'application/json';
    init.body = JSON.stringify(body);
  }
  const response = await send(path, key, init);
  return (await response.json()) as T;
}

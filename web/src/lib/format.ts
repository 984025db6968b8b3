import type { Answer, Citation, Source } from './api';

/** Where a citation or a passage stands. */
export type Place = Pick<Citation, 'source' | 'path' | 'start_line' | 'end_line' | 'commit'>;

/** `source · path:start–end @ commit` */
export function place({ source, path, start_line, end_line, commit }: Place): string {
  const lines = start_line === end_line ? String(start_line) : `${start_line}–${end_line}`;
  return `${source} · ${path}:${lines}${commit ? ` @ ${shortCommit(commit)}` : ''}`;
}

export function shortCommit(commit: string): string {
  return commit.slice(0, 7);
}

/** A point in time as a distance from now, such as `5 min ago`. */
export function ago(time: string, now: number): string {
  const seconds = (now - Date.parse(time)) / 1000;
  if (Number.isNaN(seconds)) return time;
  if (seconds < 60) return 'just now';
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 2 * 86_400) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86_400)} days ago`;
}

/** How fresh a source is, in words. */
export function freshness({ state, synced_at }: Pick<Source, 'state' | 'synced_at'>, now: number): string {
  const synced = synced_at ? `synced ${ago(synced_at, now)}` : 'not synced yet';
  switch (state) {
    case 'partial':
      return `partial, ${synced}`;
    case 'failed':
      return synced_at ? `failed, last ${synced}` : 'failed';
    case 'syncing':
      return 'syncing now';
    default:
      return synced;
  }
}

/** The address, if it leads to the web: nothing else becomes a link. */
export function webUrl(address: string | null): string | null {
  if (!address || !/^https?:\/\//i.test(address)) return null;
  return URL.canParse(address) ? new URL(address).href : null;
}

/** Whether a file is read as prose; any other is code or configuration. */
export function isProse(path: string): boolean {
  return /\.(md|mdx|markdown|rst|adoc|txt|html?|pdf|docx?)$/i.test(path) || !/\.\w+$/.test(path);
}

/** An answer to paste elsewhere: its Markdown, and the citations as a list. */
export function asMarkdown({ text, citations }: Pick<Answer, 'text' | 'citations'>): string {
  const list = citations.map((citation) => {
    const url = webUrl(citation.url);
    return `- [${citation.number}] ${citation.title}: ${place(citation)}${url ? ` <${url}>` : ''}`;
  });
  return [text.trim(), list.join('\n')].filter(Boolean).join('\n\n') + '\n';
}

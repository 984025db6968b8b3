export interface Mark {
  number: number;
  raw: string;
}

/** The citation mark `[n]` that a text starts with; `[n](…)` is a link. */
export function citationAt(text: string): Mark | null {
  const match = /^\[([1-9]\d{0,2})\](?!\()/.exec(text);
  return match ? { number: Number(match[1]), raw: match[0] } : null;
}

/** Where the next citation mark may start. */
export function nextCitation(text: string): number | undefined {
  const at = text.search(/\[[1-9]\d{0,2}\](?!\()/);
  return at < 0 ? undefined : at;
}

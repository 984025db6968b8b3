import type { Thing } from './api';

/** The question with the thing that was chosen in the place of the name that was not clear. */
export function chosen(question: string, name: string, thing: Thing): string {
  const reference = `\`${thing.reference}\``;
  const at = question.toLowerCase().indexOf(name.toLowerCase());
  if (at < 0) return `${question} (${reference})`;
  return question.slice(0, at) + reference + question.slice(at + name.length);
}

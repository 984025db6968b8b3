import { expect, it } from 'vitest';
import { ago, asMarkdown, place } from './format';

const citation = {
  number: 1,
  title: 'Model card',
  source: 'ml',
  path: 'models/fraud.md',
  commit: '0123456789abcdef',
  start_line: 3,
  end_line: 9,
  url: 'https://git.example/ml#L3',
  quote: 'q',
  synced_at: null,
  state: 'quoted' as const,
  score: 1,
};

it('says where a citation stands', () => {
  expect(place(citation)).toBe('ml · models/fraud.md:3–9 @ 0123456');
  expect(place({ ...citation, end_line: 3, commit: null })).toBe('ml · models/fraud.md:3');
});

it('says how long ago something was', () => {
  const now = Date.parse('2025-01-03T00:00:00Z');
  expect(ago('2025-01-02T23:55:00.123456789Z', now)).toBe('4 min ago');
  expect(ago('2025-01-02T00:00:00Z', now)).toBe('24 h ago');
});

it('copies an answer with its citations', () => {
  expect(asMarkdown({ text: 'Yes [1].\n', citations: [citation] })).toBe(
    'Yes [1].\n\n- [1] Model card: ml · models/fraud.md:3–9 @ 0123456 <https://git.example/ml#L3>\n',
  );
});

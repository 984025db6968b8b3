import { describe, expect, it } from 'vitest';
import { toBlocks } from './markdown';

function html(text: string, known = [1, 2, 3]): string {
  return toBlocks(text, new Set(known)).join('');
}

function marks(text: string, known?: number[]): number[] {
  return [...html(text, known).matchAll(/data-n="(\d+)"/g)].map((match) => Number(match[1]));
}

describe('citation marks', () => {
  it('are found alone, in a row, in lists and at the start of a line', () => {
    expect(marks('One [1]. Two [2][3].\n\n- three [3]')).toEqual([1, 2, 3, 3]);
    expect(marks('[2]: not the definition of a link')).toEqual([2]);
  });

  it('stay text when there is no such citation, and in code and links', () => {
    expect(html('Nine [9].')).toContain('[9]');
    expect(marks('`list[1]` and [1](https://a.example) and [01]\n\n```\nlist[2]\n```')).toEqual([]);
  });
});

describe('answers', () => {
  it('bring no HTML, no images and no links but to the web', () => {
    const text = '<img src=x onerror=alert(1)> ![chart](https://a.example/x.png) [x](javascript:alert(1)) <b>b</b>';
    expect(html(text)).not.toMatch(/<(img|a|b)\b/);
    expect(html('<script>alert(1)</script>')).not.toContain('<script');
    expect(html('[x](https://a.example/?a="b)')).toContain('href="https://a.example/?a=%22b" target="_blank"');
  });

  it('are split into blocks', () => {
    expect(toBlocks('# A\n\nb\n\n- c\n- d', new Set())).toHaveLength(3);
  });
});

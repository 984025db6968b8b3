import { describe, expect, it } from 'vitest';
import { draw, NODE_HEIGHT, type Box } from './picture';

function picture(edges: [string, string, string][]) {
  const names = [...new Set(edges.flatMap(([from, , to]) => [from, to]))];
  return {
    nodes: names.map((name) => ({ reference: `x:${name}`, kind: 'dataset', name })),
    edges: edges.map(([from, predicate, to]) => ({ from: `x:${from}`, predicate, to: `x:${to}`, citations: [] })),
  };
}

function boxes(edges: [string, string, string][]): Map<string, Box> {
  return new Map(draw(picture(edges)).boxes.map((box) => [box.thing.name, box]));
}

function x(found: Map<string, Box>, name: string): number {
  return found.get(name)?.x ?? NaN;
}

describe('a drawing', () => {
  it('has data flow from left to right, whichever way a relation points', () => {
    const found = boxes([
      ['job', 'reads', 'raw'],
      ['job', 'writes', 'clean'],
      ['model', 'trained_on', 'clean'],
    ]);
    const order = ['raw', 'job', 'clean', 'model'].map((name) => x(found, name));
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(new Set(order).size).toBe(4);
  });

  it('has a part before its whole where data comes to it, and behind where data only leaves it', () => {
    const into = boxes([['job', 'trains', 'version'], ['version', 'version_of', 'model']]);
    expect(x(into, 'version')).toBeLessThan(x(into, 'model'));
    const out = boxes([['version', 'stored_at', 'file'], ['version', 'version_of', 'model']]);
    expect(x(out, 'model')).toBeLessThan(x(out, 'version'));
  });

  it('leads a line over the columns that it passes, to its end', () => {
    const { lines, boxes } = draw(picture([['a', 'writes', 'b'], ['b', 'writes', 'c'], ['a', 'writes', 'c']]));
    const long = lines[2];
    expect(long?.path.match(/C/g)?.length).toBe(3);
    const end = boxes.find(({ thing }) => thing.name === 'c');
    expect(long?.path.endsWith(` ${end?.x} ${(end?.y ?? 0) + NODE_HEIGHT / 2}`)).toBe(true);
  });

  it('ends with circles, loops, relations of one pair and ends that it was not given', () => {
    const circle = picture([['a', 'writes', 'b'], ['b', 'writes', 'a'], ['a', 'writes', 'a'], ['a', 'triggers', 'b']]);
    circle.edges.push({ from: 'x:a', predicate: 'writes', to: 'x:elsewhere', citations: [] });
    const { lines, boxes } = draw(circle);
    expect(boxes).toHaveLength(2);
    expect(lines.map(({ edges }) => edges.length).sort()).toEqual([1, 2]);
    const back = lines.find(({ edges }) => edges.length === 1);
    const [a, b] = boxes;
    // It starts at the right one and leads back to the left one.
    expect(back?.path.startsWith(`M${b?.x} `)).toBe(true);
    expect(a?.x).toBeLessThan(b?.x ?? 0);
    expect(draw({ nodes: [], edges: [] }).boxes).toEqual([]);
  });

  it('lays no box over another, also where it is large', () => {
    const edges: [string, string, string][] = [];
    for (let at = 0; at < 150; at++) {
      edges.push([`t${at % 40}`, 'writes', `t${(at * 7 + 3) % 90}`], [`t${at}`, 'reads', `t${(at * 11 + 1) % 60}`]);
    }
    const started = performance.now();
    const { boxes, width, height } = draw(picture(edges));
    expect(performance.now() - started).toBeLessThan(500);
    for (const one of boxes) {
      expect(one.x).toBeGreaterThanOrEqual(0);
      expect(one.x + one.width).toBeLessThanOrEqual(width);
      expect(one.y).toBeGreaterThanOrEqual(0);
      expect(one.y + NODE_HEIGHT).toBeLessThanOrEqual(height);
      for (const other of boxes) {
        if (one === other || one.x !== other.x) continue;
        expect(Math.abs(one.y - other.y)).toBeGreaterThanOrEqual(NODE_HEIGHT);
      }
    }
  });
});

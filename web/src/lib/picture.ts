import type { Picture, PictureEdge, Thing } from './api';

/** Relations along which data flows from the object to the subject (`predicates.rs`); all others are drawn as they point. */
const AGAINST = new Set(['reads', 'trained_on', 'derived_from', 'serves', 'depends_on', 'consumes_api', 'monitors']);
/** Relations between a thing and its parts, which data passes either way. */
const EITHER = new Set(['version_of', 'part_of']);

export const NODE_HEIGHT = 40;
const COLUMN_GAP = 72;
const ROW_GAP = 14;
const MARGIN = 8;
/** How wide a character of a name is, in pixels. */
export const CHARACTER = 7.4;
const MIN_WIDTH = 90;
const MAX_WIDTH = 230;
const SWEEPS = 8;

export interface Box {
  thing: Thing;
  x: number;
  y: number;
  width: number;
}

export interface Line {
  /** The relations that it stands for, all between the same two things. */
  edges: PictureEdge[];
  /** An SVG path from where data comes from to where it goes. */
  path: string;
  /** The middle, for a label. */
  x: number;
  y: number;
}

export interface Drawing {
  /** From left to right, from top to bottom. */
  boxes: Box[];
  lines: Line[];
  width: number;
  height: number;
}

/** A place in a column: a thing, or a bend of a line that passes by. */
interface Slot {
  thing: Thing | null;
  layer: number;
  width: number;
  height: number;
  y: number;
  left: Slot[];
  right: Slot[];
}

interface Link {
  from: number;
  to: number;
  edges: PictureEdge[];
}

/**
 * Draws a picture in columns, data flowing from left to right: columns by the longest way to a thing, rows ordered so that
 * few lines cross (Sugiyama's method with barycentres), bends where a line passes a column.
 */
export function draw({ nodes, edges }: Picture): Drawing {
  const index = new Map(nodes.map(({ reference }, at) => [reference, at]));
  const links = flow(edges, index);
  const layers = layered(nodes.length, links);
  const slots = nodes.map((thing, at): Slot => {
    const text = Math.max(thing.name.length, thing.kind.length * 0.85);
    const width = Math.min(Math.max(text * CHARACTER + 20, MIN_WIDTH), MAX_WIDTH);
    return { thing, layer: layers[at] ?? 0, width, height: NODE_HEIGHT, y: 0, left: [], right: [] };
  });
  const columns: Slot[][] = [];
  const put = (slot: Slot) => (columns[slot.layer] ??= []).push(slot);
  slots.forEach(put);
  const chains = links.map(({ from, to }) => chain(slots, from, to, put));
  order(columns);
  place(columns);
  return finish(slots, columns, links, chains);
}

/** The edges as they flow, those between the same two things together; what goes from a thing to itself is left out. */
function flow(edges: PictureEdge[], index: Map<string, number>): Link[] {
  const links = new Map<string, Link>();
  const gives = new Set<string>();
  const takes = new Set<string>();
  for (const { predicate, from, to } of edges) {
    if (EITHER.has(predicate)) continue;
    gives.add(AGAINST.has(predicate) ? to : from);
    takes.add(AGAINST.has(predicate) ? from : to);
  }
  for (const edge of edges) {
    // A part that data leaves and does not come to has it from the whole.
    const has = EITHER.has(edge.predicate) && gives.has(edge.from) && !takes.has(edge.from);
    const [from, to] = AGAINST.has(edge.predicate) || has ? [index.get(edge.to), index.get(edge.from)] : [index.get(edge.from), index.get(edge.to)];
    if (from === undefined || to === undefined || from === to) continue;
    const key = `${from} ${to}`;
    const link = links.get(key) ?? { from, to, edges: [] };
    link.edges.push(edge);
    links.set(key, link);
  }
  return [...links.values()];
}

/** The column of each thing: one more than the farthest of those it comes from. A link that closes a circle does not count. */
function layered(count: number, links: Link[]): number[] {
  const next: number[][] = Array.from({ length: count }, () => []);
  for (const { from, to } of links) next[from]?.push(to);
  const state = new Array<0 | 1 | 2>(count).fill(0);
  const later: number[] = [];
  const circles = new Set<string>();
  for (let start = 0; start < count; start++) {
    if (state[start] !== 0) continue;
    state[start] = 1;
    const stack = [{ at: start, next: 0 }];
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      const to = next[top.at]?.[top.next++];
      if (to === undefined) {
        state[top.at] = 2;
        later.push(top.at);
        stack.pop();
      } else if (state[to] === 1) {
        circles.add(`${top.at} ${to}`);
      } else if (state[to] === 0) {
        state[to] = 1;
        stack.push({ at: to, next: 0 });
      }
    }
  }
  const layers = new Array<number>(count).fill(0);
  for (const at of later.reverse()) {
    for (const to of next[at] ?? []) {
      if (circles.has(`${at} ${to}`)) continue;
      layers[to] = Math.max(layers[to] ?? 0, (layers[at] ?? 0) + 1);
    }
  }
  return layers;
}

/** Joins two things over the columns between them; gives every slot of the way, from the left one to the right one. */
function chain(slots: Slot[], from: number, to: number, put: (slot: Slot) => void): Slot[] {
  const ends = [slots[from], slots[to]].filter((slot): slot is Slot => slot !== undefined).sort((a, b) => a.layer - b.layer);
  const [left, right] = ends;
  if (!left || !right) return [];
  const way = [left];
  for (let layer = left.layer + 1; layer < right.layer; layer++) {
    const bend: Slot = { thing: null, layer, width: 0, height: ROW_GAP, y: 0, left: [], right: [] };
    put(bend);
    way.push(bend);
  }
  way.push(right);
  way.forEach((slot, at) => {
    const after = way[at + 1];
    if (!after || after.layer === slot.layer) return;
    slot.right.push(after);
    after.left.push(slot);
  });
  return way;
}

/** Orders each column by the mean row of the neighbours, forth and back. */
function order(columns: Slot[][]): void {
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const forth = sweep % 2 === 0;
    for (const column of forth ? columns : columns.toReversed()) {
      const rows = new Map<Slot, number>();
      columns.forEach((other) => other.forEach((slot, row) => rows.set(slot, row)));
      const wish = new Map(
        column.map((slot, row) => {
          const neighbours = forth ? slot.left : slot.right;
          const sum = neighbours.reduce((total, neighbour) => total + (rows.get(neighbour) ?? 0), 0);
          return [slot, neighbours.length > 0 ? sum / neighbours.length : row];
        }),
      );
      column.sort((a, b) => (wish.get(a) ?? 0) - (wish.get(b) ?? 0));
    }
  }
}

/** Gives every slot its row: near its neighbours, never over another. */
function place(columns: Slot[][]): void {
  for (const column of columns) {
    let y = 0;
    for (const slot of column) {
      slot.y = y;
      y += slot.height + ROW_GAP;
    }
  }
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const forth = sweep % 2 === 0;
    for (const column of forth ? columns : columns.toReversed()) {
      const wishes = column.map((slot) => {
        const neighbours = forth ? slot.left : slot.right;
        if (neighbours.length === 0) return slot.y;
        return neighbours.reduce((total, other) => total + other.y + other.height / 2, 0) / neighbours.length - slot.height / 2;
      });
      settle(column, wishes);
    }
  }
  const top = Math.min(...columns.flat().map(({ y }) => y));
  for (const slot of columns.flat()) slot.y += MARGIN - top;
}

/** Rows as near to what is wished as their order and distance allow: blocks that would overlap share their mean (isotonic regression). */
function settle(column: Slot[], wishes: number[]): void {
  const blocks: { sum: number; slots: Slot[]; offsets: number[]; height: number }[] = [];
  column.forEach((slot, at) => {
    let block = { sum: wishes[at] ?? 0, slots: [slot], offsets: [0], height: slot.height + ROW_GAP };
    for (let above = blocks.at(-1); above; above = blocks.at(-1)) {
      if (above.sum / above.slots.length + above.height <= block.sum / block.slots.length) break;
      blocks.pop();
      const { height } = above;
      block = {
        sum: above.sum + block.sum - height * block.slots.length,
        slots: [...above.slots, ...block.slots],
        offsets: [...above.offsets, ...block.offsets.map((offset) => offset + height)],
        height: height + block.height,
      };
    }
    blocks.push(block);
  });
  for (const { sum, slots, offsets } of blocks) {
    slots.forEach((slot, at) => (slot.y = sum / slots.length + (offsets[at] ?? 0)));
  }
}

function finish(slots: Slot[], columns: Slot[][], links: Link[], chains: Slot[][]): Drawing {
  const lefts: number[] = [];
  let x = MARGIN;
  columns.forEach((column, layer) => {
    lefts[layer] = x;
    x += Math.max(...column.map(({ width }) => width)) + COLUMN_GAP;
  });
  const boxes: Box[] = [];
  let height = 0;
  for (const slot of columns.flat()) {
    height = Math.max(height, slot.y + slot.height);
    if (slot.thing) boxes.push({ thing: slot.thing, x: lefts[slot.layer] ?? 0, y: slot.y, width: slot.width });
  }
  const lines = links.map(({ from, edges }, at) => line(chains[at] ?? [], slots[from], edges, lefts));
  return { boxes, lines, width: x - COLUMN_GAP + MARGIN, height: height + MARGIN };
}

/** The line along a way, from `start` to its other end. */
function line(way: Slot[], start: Slot | undefined, edges: PictureEdge[], lefts: number[]): Line {
  const points: [number, number][] = [];
  way.forEach((slot, at) => {
    const left = lefts[slot.layer] ?? 0;
    const middle = slot.y + slot.height / 2;
    if (at > 0) points.push([left, middle]);
    if (at < way.length - 1) points.push([left + slot.width, middle]);
  });
  if (way[0] !== start) points.reverse();
  let path = '';
  let [x, y] = points[0] ?? [0, 0];
  points.forEach(([toX, toY], at) => {
    if (at === 0) path = `M${round(toX)} ${round(toY)}`;
    else {
      const bend = (toX - x) / 2;
      path += `C${round(x + bend)} ${round(y)} ${round(toX - bend)} ${round(toY)} ${round(toX)} ${round(toY)}`;
    }
    [x, y] = [toX, toY];
  });
  const [x1, y1] = points[0] ?? [0, 0];
  const [x2, y2] = points[1] ?? [0, 0];
  return { edges, path, x: (x1 + x2) / 2, y: (y1 + y2) / 2 };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

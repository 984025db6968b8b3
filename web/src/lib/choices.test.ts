import { expect, test } from 'vitest';
import { chosen } from './choices';

const thing = { reference: 'table:pg/shop.orders', kind: 'dataset', name: 'orders' };

test('the chosen thing takes the place of the name', () => {
  expect(chosen('Who owns Orders?', 'orders', thing)).toBe('Who owns `table:pg/shop.orders`?');
});

test('a name that the question does not repeat is put behind it', () => {
  expect(chosen('Who owns it?', 'orders', thing)).toBe('Who owns it? (`table:pg/shop.orders`)');
});

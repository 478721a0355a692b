import { expect, test } from 'vitest';
import { Crowd } from './crowd.ts';

const gone: string[] = [];
const member = (name: string, circle: string) => ({ circle, giveWay: () => gone.push(name) });

test('an address that opens too many closes its own oldest, and those that are known stay', () => {
  gone.length = 0;
  const crowd = new Crowd({ connections: 100, strangersPerCircle: 2 });
  const known = member('known', 'a');
  crowd.add(known, true);
  crowd.proved(known);
  for (const name of ['1', '2', '3', '4']) {
    expect(crowd.makeRoom('a')).toBe(true);
    crowd.add(member(name, 'a'), true);
  }
  expect(gone).toEqual(['1', '2']);
  expect(crowd.size).toBe(3);
});

test('in a full house the address with the most strangers gives way; where all are known the next is refused', () => {
  gone.length = 0;
  const crowd = new Crowd({ connections: 4, strangersPerCircle: 9 });
  const members = [member('a1', 'a'), member('b1', 'b'), member('a2', 'a'), member('c1', 'c')];
  for (const each of members) crowd.add(each, true);
  expect(crowd.makeRoom('d')).toBe(true);
  expect(gone).toEqual(['a1']);
  crowd.add(member('d1', 'd'), false);
  for (const each of members) crowd.proved(each);
  expect(crowd.makeRoom('e')).toBe(false);
  expect(gone).toEqual(['a1']);
});

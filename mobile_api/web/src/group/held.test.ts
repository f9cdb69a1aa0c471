import { expect, test } from 'vitest';

import { id } from '../testing/network';
import { codeOf, groupIn } from './held';

test('a group is read from its link, as scanned or pasted', () => {
  const group = `groups/${id(30)}`;
  expect(groupIn(`https://kubari.example/#${codeOf(group, 'みどり & そら')}`)).toEqual({ group, name: 'みどり & そら' });
  expect(groupIn(` ${group} `)).toEqual({ group, name: '' });
  expect(groupIn('https://kubari.example/#/deliveries/1')).toBeUndefined();
});

import { expect, test } from 'vitest';

import { pieces, plain } from './ruby';

test('readings are taken apart from the words', () => {
  expect(pieces('{箱|はこ}を{選|えら}ぶ')).toEqual([{ text: '箱', reading: 'はこ' }, { text: 'を' }, { text: '選', reading: 'えら' }, { text: 'ぶ' }]);
  expect(pieces('a {n} b')).toEqual([{ text: 'a {n} b' }]);
  expect(pieces('')).toEqual([]);
  expect(plain('{箱|はこ}を{選|えら}ぶ {n}')).toBe('箱を選ぶ {n}');
});

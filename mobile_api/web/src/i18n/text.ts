// t('key', {placeholder}): the words that several rooms share.
import { en } from './en';
import { ja } from './ja';
import { words } from './words';

export type Key = keyof typeof ja;
export const t = words(ja, en);

// What to do about a refusal, for the person who has to do it.
import type { Problem } from '../api/problem';
import { t } from './words';

/** By the reason, else by the kind of refusal. */
export function help(problem: Problem): string {
  const key = [`help.${problem.reason}`, `help.${problem.code}`].find((one) => one in t.dictionaries.ja);
  // The compiler cannot know that the key is there.
  return t((key ?? 'help.other') as 'help.other');
}

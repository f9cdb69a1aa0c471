export { groupTones as tones } from '../coordinator/groups';

/** The last part of a name: groups/{uuid} → {uuid}. */
export const idOf = (name: string): string => name.slice(name.indexOf('/') + 1);

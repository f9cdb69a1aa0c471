// Fields that the forms show themselves; violations of others stand above the form.
import type { Problem } from '../api/problem';
import { BANDS } from './labels';

const DETAILS = ['allergens', 'dietary_tags', 'cooking', 'place', 'place_text', 'days', 'note', 'partner_reference', 'contact'].map((one) => `details.${one}`);

export const FORM = ['urgency', 'due_date', 'municipality_code', 'household', ...BANDS.map(([, , field]) => `household.${field}`), ...DETAILS];

/** With elements of lists: "details.allergens[1]". */
export const shownBeside = (problem: Problem | undefined, more: string[] = []): string[] => [
  ...FORM,
  ...more,
  ...(problem?.violations.map((violation) => violation.field).filter((field) => /^details\.(allergens|dietary_tags|cooking)\[/.test(field)) ?? []),
];

// How every picture looks. Colours are the meanings of app.css, as CSS variables that the SVG keeps.
export const TEXT = 'var(--text)';
export const WEAK = 'var(--text-weak)';
export const LINE = 'var(--line)';
export const SURFACE = 'var(--surface)';

/** The colour of the n-th series. */
export const series = (index: number) => `var(--chart-${(index % 6) + 1})`;

/** A shade for class `index` of `classes`, from weak to strong. */
export const shade = (index: number, classes: number) =>
  `color-mix(in srgb, var(--chart-1) ${Math.round(20 + (80 * index) / Math.max(1, classes - 1))}%, var(--surface))`;

/** Text only: what is shown may come from people, and never becomes markup. */
export const tooltip = {
  show: true,
  renderMode: 'richText',
  confine: true,
  backgroundColor: SURFACE,
  borderColor: 'var(--line-strong)',
  borderWidth: 1,
  textStyle: { color: TEXT, fontSize: 14 },
} as const;

/** The lot's code in the path of a label's GS1 Digital Link, "/01/09520000000004/10/7KQ2M9XP". */
export function lotInDigitalLink(path: string): string | undefined {
  return /^\/01\/\d{14}\/10\/([0-9A-Za-z]{8})$/.exec(path)?.[1].toUpperCase();
}

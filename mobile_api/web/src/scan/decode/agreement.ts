// When a code counts: read twice alike within a moment, and not again while it stays before the camera. A misread digit is common, and a good
// check digit is not enough: one wrong number in ten has one.

/** Two reads further apart than this have nothing to do with each other. */
const TOGETHER_MS = 1_500;
/** A code that was not seen for so long has left the picture, and may be scanned again. */
const GONE_MS = 1_500;

export class Agreement {
  #last: { text: string; at: number } | undefined;
  /** Codes that count already, and when they were seen last. */
  #taken = new Map<string, number>();

  /** One picture's code at the time `now` (milliseconds). True: now it counts. */
  see(text: string, now: number): boolean {
    for (const [taken, seen] of this.#taken) if (now - seen >= GONE_MS) this.#taken.delete(taken);
    if (this.#taken.has(text)) {
      this.#taken.set(text, now);
      return false;
    }
    const agrees = this.#last?.text === text && now - this.#last.at <= TOGETHER_MS;
    this.#last = { text, at: now };
    if (!agrees) return false;
    this.#taken.set(text, now);
    this.#last = undefined;
    return true;
  }
}

// Is the service within reach, and what time is it there? Learnt from the calls that the app makes anyway.

// Below this the two clocks are taken as equal, so that the times of actions keep their order while the measure trembles.
const CLOCK_TOLERANCE = 5_000;
/** While nobody was reached and the page is seen: how often to look again. */
const LOOK_AGAIN = 20_000;

class Link {
  /** The last call reached nobody, or the system says that there is no network. */
  away = $state(typeof navigator !== 'undefined' && navigator.onLine === false);
  /** Milliseconds by which the service's clock is ahead of this phone's. */
  ahead = 0;
  #hopes = new Set<() => void>();

  constructor() {
    if (typeof addEventListener === 'undefined') return;
    addEventListener('online', () => this.#hope());
    addEventListener('offline', () => (this.away = true));
    // A phone that is taken out of the pocket may have signal again; browsers stop timers in pockets.
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'visible') this.#hope();
    });
    addEventListener('pageshow', () => this.#hope());
  }

  /** The service answered, be it with a refusal. `date`: the answer's HTTP field, `asked`: when the call was made. */
  answered(date: string | null, asked: number, now: number = Date.now()): void {
    const there = date ? Date.parse(date) : NaN;
    // The field has whole seconds: its middle, at the middle of the call. A slow call says too little.
    if (!Number.isNaN(there) && now - asked < CLOCK_TOLERANCE && now >= asked) {
      const ahead = there + 500 - (asked + now) / 2;
      if (Math.abs(ahead - this.ahead) > CLOCK_TOLERANCE) this.ahead = Math.abs(ahead) > CLOCK_TOLERANCE ? Math.round(ahead) : 0;
    }
    const wasAway = this.away;
    this.away = false;
    if (wasAway) this.#hope();
  }

  failed(): void {
    this.away = true;
  }

  /** Some call that costs little, for looking whether the service can be reached again when nobody asks for anything. */
  watch(call: () => Promise<unknown>): void {
    setInterval(() => {
      if (this.away && document.visibilityState === 'visible') void call().catch(() => {});
    }, LOOK_AGAIN);
  }

  /** Calls `hope` whenever there is a new reason to try: signal, the app in the foreground, an answer after silence. Returns how to stop. */
  onHope(hope: () => void): () => void {
    this.#hopes.add(hope);
    return () => this.#hopes.delete(hope);
  }

  #hope(): void {
    for (const hope of this.#hopes) hope();
  }
}

export const link = new Link();

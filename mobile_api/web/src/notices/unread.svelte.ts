// How many notices are unread: one small call, now and then. Without an answer the last number stays.
import { api } from '../api/clients';

const EVERY = 60_000;

class Unread {
  count = $state(0);
  #asked = 0;
  #turn = 0;

  /** Asks if the last answer is old, or at once. */
  async ask(now = false): Promise<void> {
    if (!now && Date.now() - this.#asked < EVERY) return;
    this.#asked = Date.now();
    const turn = ++this.#turn;
    try {
      const { unread } = await api.notifications.countUnread({});
      if (turn === this.#turn) this.count = unread;
    } catch {
      // Away, or not allowed: nobody is told of notices by an error.
    }
  }

  /** Somebody else is here: what was known is not theirs, an answer on its way neither. */
  forget(): void {
    this.#turn++;
    this.#asked = this.count = 0;
  }
}

export const unread = new Unread();

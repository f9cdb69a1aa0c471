// How many notices are unread: one small call, now and then. Without an answer the last number stays.
import { api } from '../api/clients';

const EVERY = 60_000;

class Unread {
  count = $state(0);
  #asked = 0;

  /** Asks if the last answer is old, or at once. */
  async ask(now = false): Promise<void> {
    if (!now && Date.now() - this.#asked < EVERY) return;
    this.#asked = Date.now();
    try {
      this.count = (await api.notifications.countUnread({})).unread;
    } catch {
      // Away, or not allowed: nobody is told of notices by an error.
    }
  }
}

export const unread = new Unread();

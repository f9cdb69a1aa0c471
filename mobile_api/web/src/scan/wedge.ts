// Scanners that type: USB and Bluetooth devices send a code as keystrokes, much faster than a hand, and end it with Enter. They work anywhere
// on the page, whichever field has the focus.

/** Between two keystrokes of a device at most so many milliseconds pass; Bluetooth is the slowest. */
const FAST_MS = 60;
const SHORTEST = 6;

interface Key {
  key: string;
  /** Of the key itself: an input method for Japanese takes the letter away and leaves this. */
  code?: string;
  ctrlKey?: boolean;
  shiftKey?: boolean;
}

export class Bursts {
  #text = '';
  #last = -Infinity;

  /** One keystroke at the time `now`. The code, when Enter or Tab ends one. */
  press(key: Key, now: number): string | undefined {
    const fast = now - this.#last <= FAST_MS;
    if (key.key === 'Enter' || key.key === 'Tab') {
      const text = fast ? this.#text : '';
      this.#text = '';
      return text.length >= SHORTEST ? text : undefined;
    }
    const letter = letterOf(key);
    // Shift and the like come between letters and are none.
    if (letter === undefined) return undefined;
    this.#text = fast ? this.#text + letter : letter;
    this.#last = now;
    return undefined;
  }

  /** A burst has begun: more than a hand could have typed. */
  get running(): boolean {
    return this.#text.length > 1;
  }

  /** Nothing typed so far belongs to what comes. */
  get starting(): boolean {
    return this.#text.length === 1;
  }
}

function letterOf(key: Key): string | undefined {
  // FNC1 comes as Control and the closing bracket.
  if (key.ctrlKey) return key.key === ']' || key.code === 'BracketRight' ? '\x1D' : undefined;
  if (key.key.length === 1) return key.key;
  if (key.key !== 'Process' && key.key !== 'Unidentified') return undefined;
  const plain = /^(?:Digit|Numpad)(\d)$/.exec(key.code ?? '')?.[1];
  if (plain) return plain;
  const letter = /^Key([A-Z])$/.exec(key.code ?? '')?.[1];
  return letter && (key.shiftKey ? letter : letter.toLowerCase());
}

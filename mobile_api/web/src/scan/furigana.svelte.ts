// Whether this device shows readings above the characters.
const KEY = 'kubari.furigana';

class Furigana {
  on = $state(stored());

  choose(on: boolean): void {
    this.on = on;
    try {
      localStorage.setItem(KEY, on ? 'on' : 'off');
    } catch {
      // Private windows may refuse; the choice then holds until the page is closed.
    }
  }
}

function stored(): boolean {
  try {
    return localStorage.getItem(KEY) === 'on';
  } catch {
    return false;
  }
}

export const furigana = new Furigana();

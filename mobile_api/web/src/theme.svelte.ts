// Light or dark: as the device wishes, unless the person has chosen on this device. app.css has the colours.
export type Theme = 'auto' | 'light' | 'dark';

const KEY = 'kubari.theme';

class CurrentTheme {
  chosen = $state<Theme>(stored());
  #dark = typeof matchMedia === 'undefined' ? undefined : matchMedia('(prefers-color-scheme: dark)');

  constructor() {
    this.#dark?.addEventListener('change', () => this.#show());
    this.#show();
  }

  choose(theme: Theme): void {
    this.chosen = theme;
    try {
      localStorage.setItem(KEY, theme);
    } catch {
      // Private windows may refuse; the choice then holds until the page is closed.
    }
    this.#show();
  }

  #show(): void {
    const dark = this.chosen === 'auto' ? (this.#dark?.matches ?? false) : this.chosen === 'dark';
    document.documentElement.dataset.theme = dark ? 'dark' : 'light';
    // The colour of the system's bar around the app.
    document.querySelector('meta[name="theme-color"]')?.setAttribute('content', dark ? '#1a1a1a' : '#00118f');
  }
}

function stored(): Theme {
  try {
    const text = localStorage.getItem(KEY);
    return text === 'light' || text === 'dark' ? text : 'auto';
  } catch {
    return 'auto';
  }
}

export const theme = new CurrentTheme();

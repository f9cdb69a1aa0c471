// Adding the app to the home screen, where the browser lets a page offer it.

interface InstallPrompt extends Event {
  prompt(): Promise<{ outcome: 'accepted' | 'dismissed' }>;
}

class Install {
  /** The browser would ask now. */
  possible = $state(false);
  #prompt?: InstallPrompt;

  constructor() {
    if (typeof addEventListener === 'undefined') return;
    addEventListener('beforeinstallprompt', (event) => {
      // Asked when it helps (Ready.svelte), not in the middle of something.
      event.preventDefault();
      this.#prompt = event as InstallPrompt;
      this.possible = true;
    });
    addEventListener('appinstalled', () => (this.possible = false));
  }

  async ask(): Promise<void> {
    this.possible = false;
    await this.#prompt?.prompt();
    this.#prompt = undefined;
  }
}

export const install = new Install();

/** Safari on iPhones and iPads lets only its own menu do it. */
export function isApple(agent: string = navigator.userAgent, touchPoints: number = navigator.maxTouchPoints): boolean {
  return /iPhone|iPad|iPod/.test(agent) || (agent.includes('Macintosh') && touchPoints > 1);
}

/** It was opened from the home screen. */
export function isInstalled(): boolean {
  return typeof matchMedia !== 'undefined' && matchMedia('(display-mode: standalone)').matches;
}

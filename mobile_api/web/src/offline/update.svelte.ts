// The service worker keeps the app itself on this device. A new version waits until the person says so, or until the app is opened anew.

const HOUR = 60 * 60_000;

class Update {
  /** A new version is here and waits. */
  ready = $state(false);
  #registration?: ServiceWorkerRegistration;

  /** Call once. Browsers have service workers on https pages (and on this machine itself) only. */
  async start(): Promise<void> {
    if (!('serviceWorker' in navigator) || !import.meta.env.PROD) return;
    try {
      // The first screen goes first: what is kept for later must not slow it down.
      await new Promise<void>((done) => (document.readyState === 'complete' ? done() : addEventListener('load', () => done(), { once: true })));
      await new Promise<void>((done) => ('requestIdleCallback' in window ? requestIdleCallback(() => done(), { timeout: 5_000 }) : setTimeout(done, 1_000)));
      const registration = await navigator.serviceWorker.register('/sw.js', { scope: '/', updateViaCache: 'none' });
      this.#registration = registration;
      if (registration.waiting) this.ready = true;
      registration.addEventListener('updatefound', () => this.#watch(registration.installing));
      setInterval(() => this.#look(), HOUR);
      document.addEventListener('visibilitychange', () => {
        if (document.visibilityState === 'visible') this.#look();
      });
    } catch (error) {
      // The app works without it, while there is signal.
      console.info('No service worker:', error);
    }
  }

  #watch(worker: ServiceWorker | null): void {
    worker?.addEventListener('statechange', () => {
      // The first one of all takes over by itself.
      if (worker.state === 'installed' && navigator.serviceWorker.controller) this.ready = true;
    });
  }

  #look(): void {
    this.#registration?.update().catch(() => {});
  }

  apply(): void {
    const waiting = this.#registration?.waiting;
    if (!waiting) return location.reload();
    navigator.serviceWorker.addEventListener('controllerchange', () => location.reload(), { once: true });
    waiting.postMessage({ type: 'SKIP_WAITING' });
  }
}

export const update = new Update();

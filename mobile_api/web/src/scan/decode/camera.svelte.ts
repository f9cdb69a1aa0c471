// The camera at the back of the phone: its picture, its light and its zoom, and why it is not there.

export type Trouble =
  /** Cameras need https. */
  | 'insecure'
  /** None, or the browser has no way to it. */
  | 'none'
  /** The person, or the system, said no. */
  | 'denied'
  /** Another app has it. */
  | 'busy';

// Not in TypeScript's library: torch and zoom are of the Image Capture drafts.
interface Abilities extends MediaTrackCapabilities {
  torch?: boolean;
  zoom?: { min: number; max: number; step: number };
  focusMode?: string[];
}
type Wishes = MediaTrackConstraintSet & { torch?: boolean; zoom?: number; focusMode?: string };

export class Camera {
  on = $state(false);
  trouble = $state<Trouble>();
  /** undefined: this camera has no light that a page may switch. */
  torch = $state<boolean>();
  zoom = $state.raw<{ min: number; max: number; step: number; value: number }>();
  #stream: MediaStream | undefined;
  #turn = 0;

  /** Shows the picture in `video`. */
  async start(video: HTMLVideoElement): Promise<void> {
    const turn = ++this.#turn;
    this.trouble = undefined;
    if (!navigator.mediaDevices?.getUserMedia) {
      this.trouble = globalThis.isSecureContext ? 'none' : 'insecure';
      return;
    }
    try {
      const stream = await navigator.mediaDevices.getUserMedia({
        audio: false,
        // Held upright the short side lies across the code: a long GS1-128 needs its thousand points.
        video: { facingMode: { ideal: 'environment' }, width: { ideal: 1920 }, height: { ideal: 1080 } },
      });
      // Meanwhile the page may have been left.
      if (turn !== this.#turn) return stop(stream);
      this.#stream = stream;
      video.srcObject = stream;
      await video.play();
      if (turn !== this.#turn) return;
      this.on = true;
      this.#learn(stream.getVideoTracks()[0]);
    } catch (error) {
      if (turn !== this.#turn) return;
      this.stop();
      this.trouble = troubleOf((error as Error).name);
    }
  }

  stop(): void {
    this.#turn += 1;
    stop(this.#stream);
    this.#stream = undefined;
    this.on = false;
    this.torch = undefined;
    this.zoom = undefined;
  }

  async light(on: boolean): Promise<void> {
    if (await this.#wish({ torch: on })) this.torch = on;
  }

  async zoomTo(value: number): Promise<void> {
    if (this.zoom && (await this.#wish({ zoom: value }))) this.zoom = { ...this.zoom, value };
  }

  #learn(track: MediaStreamTrack): void {
    const can = (track.getCapabilities?.() ?? {}) as Abilities;
    if (can.torch) this.torch = false;
    if (can.zoom && can.zoom.max > can.zoom.min) {
      const value = (track.getSettings() as { zoom?: number }).zoom ?? can.zoom.min;
      this.zoom = { min: can.zoom.min, max: can.zoom.max, step: can.zoom.step || 0.1, value };
    }
    if (can.focusMode?.includes('continuous')) void this.#wish({ focusMode: 'continuous' });
  }

  async #wish(wish: Wishes): Promise<boolean> {
    try {
      await this.#stream?.getVideoTracks()[0]?.applyConstraints({ advanced: [wish] });
      return true;
    } catch {
      return false; // The picture goes on as it is.
    }
  }
}

function stop(stream: MediaStream | undefined): void {
  stream?.getTracks().forEach((track) => track.stop());
}

function troubleOf(name: string): Trouble {
  if (name === 'NotAllowedError' || name === 'SecurityError') return globalThis.isSecureContext ? 'denied' : 'insecure';
  return name === 'NotReadableError' || name === 'AbortError' ? 'busy' : 'none';
}

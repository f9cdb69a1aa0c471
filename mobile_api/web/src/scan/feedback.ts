// What a scan sounds and feels like. Can be switched off; what it says stands on the screen as well.
const KEY = 'kubari.sound';
let audio: AudioContext | undefined;

export function soundOn(): boolean {
  try {
    return localStorage.getItem(KEY) !== 'off';
  } catch {
    return true;
  }
}

export function switchSound(on: boolean): void {
  try {
    localStorage.setItem(KEY, on ? 'on' : 'off');
  } catch {
    // Private windows may refuse: then it sounds.
  }
}

let good = false;

/** good: taken. bad: look at the screen. A code may be good and its goods not: then only "bad" is heard. */
export function feedback(kind: 'good' | 'bad'): void {
  if (kind === 'bad') {
    good = false;
    return sound(kind);
  }
  good = true;
  queueMicrotask(() => {
    if (good) sound(kind);
    good = false;
  });
}

function sound(kind: 'good' | 'bad'): void {
  if (!soundOn()) return;
  try {
    navigator.vibrate?.(kind === 'good' ? 60 : [80, 60, 80]);
    audio ??= new AudioContext();
    // Browsers let a page sound once it was touched.
    if (audio.state === 'suspended') void audio.resume();
    for (const [start, pitch] of kind === 'good' ? [[0, 1_760]] : [[0, 330], [0.16, 262]]) tone(audio, audio.currentTime + start, pitch);
  } catch {
    // Without sound the screen says it.
  }
}

function tone(context: AudioContext, start: number, pitch: number): void {
  const oscillator = context.createOscillator();
  const volume = context.createGain();
  oscillator.frequency.value = pitch;
  volume.gain.setValueAtTime(0.2, start);
  volume.gain.exponentialRampToValueAtTime(0.001, start + 0.12);
  oscillator.connect(volume).connect(context.destination);
  oscillator.start(start);
  oscillator.stop(start + 0.13);
}

// What this device remembers of the work at hand, so that nothing is chosen twice.

/** The shelves that were used last, the newest first. */
class LastShelf {
  #names = $state.raw<string[]>([]);

  is(place: string): boolean {
    return this.#names[0] === place;
  }

  /** The newest of these. */
  of(places: { name: string }[]): string {
    return this.#names.find((name) => places.some((place) => place.name === name)) ?? '';
  }

  used(place: string): void {
    this.#names = [place, ...this.#names.filter((name) => name !== place)].slice(0, 20);
  }
}

export const lastShelf = new LastShelf();

// All lines of one run, read once for the views that add them up.
import { api } from '../api/clients';
import { everything } from '../api/everything';
import { toProblem, type Problem } from '../api/problem';
import type { Line } from '../gen/kubari/allocation/v1/allocation_pb';

export class AllLines {
  all = $state.raw<Line[]>();
  problem = $state.raw<Problem>();
  /** So many read so far. */
  read = $state(0);
  #run: string;
  #reading: Promise<void> | undefined;

  constructor(run: string) {
    this.#run = run;
  }

  /** Reads them unless they are there or on their way. */
  want(): void {
    if (this.all === undefined) void (this.#reading ??= this.#load());
  }

  reload = (): void => {
    this.#reading = this.#load();
  };

  async #load(): Promise<void> {
    this.problem = undefined;
    this.read = 0;
    try {
      this.all = await everything(
        async (pageToken) => {
          const answer = await api.allocation.listLines({ run: this.#run, pageSize: 200, pageToken });
          return { items: answer.lines, next: answer.nextPageToken };
        },
        (count) => (this.read = count),
      );
    } catch (error) {
      this.problem = toProblem(error);
      this.#reading = undefined;
    }
  }
}

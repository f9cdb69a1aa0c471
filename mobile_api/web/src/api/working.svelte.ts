// Work that changes nothing on the server, one piece at a time: a file, a calculation.
import { toProblem, type Problem } from './problem';

export class Working<Name extends string = string> {
  /** What is being done; of several buttons the pressed one can say so. */
  busy = $state<Name>();
  /** Of the last piece; gone when the next begins. */
  problem = $state.raw<Problem>();

  /** Nothing while another piece is being done. */
  async run(name: Name, work: () => Promise<void>): Promise<void> {
    if (this.busy) return;
    this.busy = name;
    this.problem = undefined;
    try {
      await work();
    } catch (error) {
      this.problem = toProblem(error);
    } finally {
      this.busy = undefined;
    }
  }
}

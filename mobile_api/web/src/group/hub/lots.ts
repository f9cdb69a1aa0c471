// What comes by a hub, group by group. Pure.
import { LineState, type Line } from '../../gen/kubari/allocation/v1/allocation_pb';

export interface Served {
  /** groups/{uuid} */
  group: string;
  name: string;
  /** What is here first, then what is to come, what was handed on last. */
  lines: Line[];
  /** Here, and not handed on. */
  ready: Line[];
}

/** Here, and not handed on. */
export const here = (line: Line) => line.atHubItems - line.handedOnItems;

const order = [LineState.AT_HUB, LineState.SHIPPED, LineState.ACCEPTED, LineState.OFFERED, LineState.HANDED_ON];
/** What is over (confirmed) is not shown. */
export const shown = order;

/** By name; who has something here comes first. */
export function byServed(lines: Line[]): Served[] {
  const groups = new Map<string, Served>();
  for (const line of lines) {
    const served = groups.get(line.group) ?? { group: line.group, name: line.groupDisplayName, lines: [], ready: [] };
    served.lines.push(line);
    if (here(line) > 0n) served.ready.push(line);
    groups.set(line.group, served);
  }
  for (const served of groups.values()) served.lines.sort((a, b) => order.indexOf(a.state) - order.indexOf(b.state));
  return [...groups.values()].sort((a, b) => Number(b.ready.length > 0) - Number(a.ready.length > 0) || (a.name < b.name ? -1 : a.name > b.name ? 1 : a.group < b.group ? -1 : 1));
}

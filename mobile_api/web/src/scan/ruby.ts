// Words with their readings: "{賞味期限|しょうみきげん}を{選|えら}ぶ". The reading is shown small above the characters where the person wants it, and
// never read aloud: a screen reader knows how to read.

export interface Piece {
  text: string;
  reading?: string;
}

const MARK = /\{([^{}|]+)\|([^{}|]+)\}/g;

export function pieces(text: string): Piece[] {
  const all: Piece[] = [];
  let end = 0;
  for (const match of text.matchAll(MARK)) {
    if (match.index > end) all.push({ text: text.slice(end, match.index) });
    all.push({ text: match[1], reading: match[2] });
    end = match.index + match[0].length;
  }
  if (end < text.length) all.push({ text: text.slice(end) });
  return all;
}

/** Without the readings. */
export function plain(text: string): string {
  return text.replace(MARK, '$1');
}

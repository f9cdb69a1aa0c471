// The independent implementation: BWIPP, by way of bwip-js. It writes barcodes, so it is asked to write one, and the
// bars are read back here. Nothing of it is shared with libs/gs1.
import bwipjs from "@bwip-js/node";

// Bars of a symbol, or why BWIPP refuses: {bars} or {refused: "GS1badChecksum", text}.
export function write(symbology, text, options = {}) {
  try {
    const [symbol] = bwipjs.raw(symbology, text, options);
    return { bars: symbol.sbs ?? [] };
  } catch (error) {
    const message = String(error.message ?? error);
    const name = /^bwipp\.(\w+)/.exec(message);
    if (!name) throw error; // a fault of the tool, not a judgement
    return { refused: name[1], text: message };
  }
}

// ISO/IEC 15417: the widths of bar, space, bar, space, bar, space of each codeword.
const PATTERNS = (
  "212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 112232 122132 122231 113222 " +
  "123122 123221 223211 221132 221231 213212 223112 312131 311222 321122 321221 312212 322112 322211 212123 212321 " +
  "232121 111323 131123 131321 112313 132113 132311 211313 231113 231311 112133 112331 132131 113123 113321 133121 " +
  "313121 211331 231131 213113 213311 213131 311123 311321 331121 312113 312311 332111 314111 221411 431111 111224 " +
  "111422 121124 121421 141122 141221 112214 112412 122114 122411 142112 142211 241211 221114 413111 241112 134111 " +
  "111242 121142 121241 114212 124112 124211 411212 421112 421211 212141 214121 412121 111143 111341 131141 114113 " +
  "114311 411113 411311 113141 114131 311141 411131 211412 211214 211232"
).split(" ");
const SHIFT = 98, CODE_C = 99, CODE_B = 100, CODE_A = 101, FNC1 = 102, START_A = 103;

// The data of a GS1-128 symbol: its separators as ASCII 29, without the leading one.
export function readGs1128(bars) {
  const words = [];
  for (let at = 0; at + 7 < bars.length; at += 6) words.push(PATTERNS.indexOf(bars.slice(at, at + 6).join("")));
  if (words.includes(-1)) throw new Error("a pattern that Code 128 does not have");
  const check = words.pop();
  const sum = words.reduce((total, word, place) => total + word * Math.max(place, 1), 0);
  if (sum % 103 !== check) throw new Error("the check character of the symbol is wrong");
  let set = "ABC"[words[0] - START_A];
  if (words[1] !== FNC1) throw new Error("no FNC1 at the beginning");
  let text = "";
  let shifted = false;
  for (const word of words.slice(2)) {
    const now = shifted ? (set === "A" ? "B" : "A") : set;
    shifted = false;
    if (word === FNC1) text += "\x1D";
    else if (now === "C" && word < 100) text += String(word).padStart(2, "0");
    else if (word === CODE_C && now !== "C") set = "C";
    else if (word === CODE_B && now !== "B") set = "B";
    else if (word === CODE_A && now !== "A") set = "A";
    else if (word === SHIFT) shifted = true;
    else text += String.fromCharCode(now === "A" && word >= 64 ? word - 64 : word + 32);
  }
  return text;
}

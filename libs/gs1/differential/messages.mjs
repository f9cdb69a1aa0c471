// Random codes, good ones and damaged ones, from a seed.

// Mulberry32: small, and the same everywhere.
export function random(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (n) => Math.floor(next() * n);
  const of = (list) => list[below(list.length)];
  const text = (size, alphabet = "0123456789") => Array.from({ length: size }, () => of(alphabet)).join("");
  return { below, of, text, chance: (part) => next() < part };
}

export function withCheckDigit(digits) {
  const sum = [...digits].reverse().reduce((total, digit, place) => total + Number(digit) * (place % 2 ? 1 : 3), 0);
  return digits + String((10 - (sum % 10)) % 10);
}

// Values for the rules of content.h that random characters would hardly keep.
const EXAMPLES = {
  date0: ["270300", "280229", "991231", "510101"],
  date: ["270331", "000229"],
  birthday: ["19870630", "20000229"],
  time: ["0000", "2359"],
  hour: ["00", "23"],
  minute: ["00", "59"],
  second: ["59"],
  zero: ["0"],
  winding: ["0", "1", "9"],
  yesno: ["0", "1"],
  sex: ["0", "1", "2", "9"],
  minus: ["-"],
  pieces: ["0101", "0299"],
  order: ["1/1", "2/3"],
  importer: ["A", "-", "_"],
  media: ["01", "99"],
  iban: ["GB82WEST12345698765432", "DE89370400440532013000"],
  latitude: ["0000000000", "1800000000"],
  longitude: ["3600000000", "1234567890"],
  nolead0: ["7", "10"],
  "pair,prefix": ["1987654Ad4X4bL5ttr2310c2K"],
  "pair,prefix,nondigit": ["1987654Ad4X4bL5ttr2310c2K"],
};
// Codes of countries and currencies, which the formats do not tell.
const BY_AI = { 4307: ["JP"], 4317: ["FR"] };
const CODED = /^(421|422|423|424|425|426|703\d|391\d|393\d)$/;
// No "(", which BWIPP's notation cannot hold within a value, and no blanks, which ours lets people type.
const LETTERS = { N: "0123456789", X: "019AZaz!\"%&')*+,-./:;<=>?_", Y: "019AZ#-/", Z: "019AZaz-_" };

export function goodValue(r, { ai, format }) {
  if (BY_AI[ai]) return r.of(BY_AI[ai]);
  let value = "";
  for (const [, optional, set, dots, max, content] of format.matchAll(/(\[?)([NXYZ])(\.\.)?(\d+):?([\w,]*)/g)) {
    if (optional && r.chance(0.5)) break;
    const size = dots ? 1 + r.below(Number(max)) : Number(max);
    if (content === "digit") value += withCheckDigit(r.text(size - 1));
    else if (EXAMPLES[content]) value += r.of(EXAMPLES[content]);
    else if (content === "nonzero") value += "1".padStart(size, "0");
    else if (content === "prefix") value += "9521" + r.text(Math.max(0, size - 4), LETTERS[set]);
    else if (CODED.test(ai) && set === "N" && size === 3) value += r.of(["392", "156", "752"]);
    else value += r.text(size, content === "percent" ? LETTERS.X.replace("%", "") : LETTERS[set]);
  }
  return value;
}

// One small damage, of the kinds that scanners, printers and people do.
export function damaged(r, value) {
  const at = r.below(value.length + 1);
  switch (r.below(6)) {
    case 0:
      return value.slice(0, at) + r.text(1, "0123456789AZaz-/%.#=~@^é") + value.slice(at + 1);
    case 1:
      return value.slice(0, at) + value.slice(at + 1);
    case 2:
      return value.slice(0, at) + r.text(1) + value.slice(at);
    case 3:
      return value.slice(0, at) + (value[at + 1] ?? "") + (value[at] ?? "") + value.slice(at + 2);
    case 4:
      return value.slice(0, at);
    default:
      return r.text(value.length);
  }
}

function elements(r, table) {
  const chosen = [];
  for (let count = 1 + r.below(4); count > 0; --count) {
    const entry = r.chance(0.3) ? table.find(({ ai }) => ai === r.of(["01", "10", "17", "15", "3103", "37"])) : null;
    const rule = entry ?? r.of(table);
    chosen.push([rule.ai, goodValue(r, rule)]);
  }
  if (r.chance(0.05)) chosen.push([...r.of(chosen)]); // the same again
  if (r.chance(0.4)) {
    const one = r.of(chosen);
    if (r.chance(0.1)) one[0] = r.text(2 + r.below(3));
    else one[1] = damaged(r, one[1]);
  }
  return chosen;
}

export const bracketed = (r, table) =>
  elements(r, table)
    .map(([ai, value]) => `(${ai})${value}`)
    .join("");

// Percent-encoding of all but RFC 3986's unreserved characters; encodeURIComponent leaves a few more.
const escape = (value) =>
  value.replace(/[^A-Za-z0-9\-._~]/gu, (character) => {
    const encoded = encodeURIComponent(character);
    return encoded === character ? "%" + character.charCodeAt(0).toString(16) : encoded;
  });

const QUALIFIERS = {
  "01": ["22", "10", "21", "235"],
  414: ["254", "7040"],
  415: ["8020"],
  417: ["7040"],
  8004: ["7040"],
  8006: ["22", "10", "21"],
  8010: ["8011"],
  8017: ["8019"],
  8018: ["8019"],
};


export function link(r, table) {
  const rule = (ai) => table.find((entry) => entry.ai === ai);
  const key = r.chance(0.6) ? rule("01") : r.of(table.filter((entry) => entry.key));
  const path = [key, ...(QUALIFIERS[key.ai] ?? []).filter(() => r.chance(0.35)).map(rule)];
  if (r.chance(0.1)) path.push(r.of(table));
  if (r.chance(0.05)) path.reverse();
  const value = (entry) => (r.chance(0.08) ? damaged(r, goodValue(r, entry)) : goodValue(r, entry));
  const base = r.of(["https://example.org", "http://example.org/shop/01", "HTTPS://EXAMPLE.ORG/q"]);
  let text = "";
  for (const entry of path) text += `/${entry.ai}/${escape(value(entry))}`;
  if (r.chance(0.03)) text += "/";
  const query = [];
  for (let count = r.below(4); count > 0; --count) {
    const entry = r.of(table);
    query.push(r.chance(0.2) ? r.of(["linkType=all", "utm", "s=1", ""]) : `${entry.ai}=${escape(value(entry))}`);
  }
  if (query.length > 0) text += "?" + query.join("&");
  if (r.chance(0.1)) text += "#17=991399";
  return base + (r.chance(0.1) ? damaged(r, text) : text);
}

// [symbology identifier, BWIPP's symbology, digits]
export function itemNumber(r) {
  const [identifier, symbology, size] = r.of([
    ["]E0", "ean13", 13],
    ["]E0", "upca", 12],
    ["]E4", "ean8", 8],
    ["]I1", "itf14", 14],
  ]);
  const digits = withCheckDigit(r.text(size - 1));
  return [identifier, symbology, r.chance(0.5) ? digits : r.text(size)];
}

// libs/gs1 and BWIPP over the same thousands of codes: both accept or both refuse, and what both accept is the same.
//
// KUBARI_GS1_LINES names the program gs1_lines; KUBARI_SEED another seed than the fixed one.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";

import { readGs1128, write } from "./bwipp.mjs";
import { inBrackets, inLinks } from "./known_differences.mjs";
import { bracketed, itemNumber, link, random, withCheckDigit } from "./messages.mjs";

const seed = Number(process.env.KUBARI_SEED ?? 20261121);
console.log(`seed ${seed}`);

const program = process.env.KUBARI_GS1_LINES;
assert.ok(program, "KUBARI_GS1_LINES must name the program gs1_lines");

const lines = (text) => text.trimEnd().split("\n").map((line) => JSON.parse(line));
const ours = (codes) => {
  const input = codes.join("\n") + "\n";
  const answers = lines(execFileSync(program, { input, encoding: "utf8", maxBuffer: 2 ** 28 }));
  assert.equal(answers.length, codes.length);
  return answers;
};

const table = lines(execFileSync(program, ["--table"], { encoding: "utf8" })).flatMap(({ first, last, format, key }) =>
  Array.from({ length: Number(last) - Number(first) + 1 }, (_, i) => ({
    ai: String(Number(first) + i).padStart(first.length, "0"),
    format,
    key,
  })),
);

// Which AIs need which others is a rule about all barcodes of an item together; Parse sees one.
const writeLink = (code) => write("gs1dldatamatrix", code, { lintreqs: false });

// Fails for what neither agrees nor is known.
function judge(judged, known) {
  const unknown = [];
  for (const one of judged) {
    if (!one.ours.reason === !one.theirs.refused) continue;
    if (known.some(({ applies }) => applies(one))) continue;
    unknown.push(`${one.code}\n  ours   ${JSON.stringify(one.ours)}\n  theirs ${one.theirs.text ?? "accepts"}`);
  }
  const accepted = judged.filter((one) => !one.ours.reason && !one.theirs.refused).length;
  const refused = judged.filter((one) => one.ours.reason && one.theirs.refused).length;
  console.log(`${judged.length} codes: both accept ${accepted}, both refuse ${refused}`);
  assert.deepEqual(unknown.slice(0, 10), [], `${unknown.length} unknown differences with seed ${seed}`);
  assert.ok(accepted > judged.length / 5 && refused > judged.length / 10, "the codes must be of both kinds");
}

test("which application identifiers there are", () => {
  const families = new Set(table.filter(({ ai }) => ai.length === 4).map(({ ai }) => ai.slice(0, 2)));
  const candidates = [];
  for (let i = 0; i < 100; ++i) candidates.push(String(i).padStart(2, "0"));
  for (let i = 0; i < 1000; ++i) candidates.push(String(i).padStart(3, "0"));
  for (let i = 0; i < 10000; ++i) {
    const ai = String(i).padStart(4, "0");
    if (families.has(ai.slice(0, 2))) candidates.push(ai);
  }
  const codes = candidates.map((ai) => `(${ai})1`);
  const here = ours(codes).map(({ reason }, i) => (reason === "BARCODE_UNKNOWN_AI" ? null : candidates[i]));
  const there = codes.map((code, i) => (write("gs1-128", code).refused === "GS1unknownAI" ? null : candidates[i]));
  assert.deepEqual(
    here.filter((ai) => ai),
    there.filter((ai) => ai),
  );
});

test("element strings", () => {
  const r = random(seed);
  const codes = Array.from({ length: 2500 }, () => bracketed(r, table));
  const answers = ours(codes);
  const judged = codes.map((code, i) => ({ code, ours: answers[i], theirs: write("gs1-128", code) }));
  judge(judged, inBrackets);

  // The bars hold our element string, and we read the bars' as the same elements.
  const both = judged.filter((one) => !one.ours.reason && !one.theirs.refused);
  const fromBars = both.map(({ theirs }) => readGs1128(theirs.bars));
  const again = ours(fromBars.map((text) => "]C1" + text));
  both.forEach(({ code, ours: { elements, element_string } }, i) => {
    assert.deepEqual(again[i].elements, elements, code);
    const repeats = code.match(/\(\d{2,4}\)/g).length > elements.length; // the same twice: we write it once
    if (!repeats) assert.equal(fromBars[i], element_string, code);
  });
});

test("Digital Links", () => {
  const r = random(seed + 1);
  const codes = Array.from({ length: 1200 }, () => link(r, table));
  const answers = ours(codes);
  judge(
    codes.map((code, i) => ({ code, ours: answers[i], theirs: writeLink(code) })),
    inLinks,
  );

  // What we write, BWIPP takes, and we read it as the same.
  const written = answers.filter(({ link }) => link);
  assert.ok(written.length > 200);
  const again = ours(written.map(({ link }) => link));
  const sorted = (elements) => [...elements].sort();
  written.forEach(({ link, elements }, i) => {
    assert.deepEqual(sorted(again[i].elements), sorted(elements), link);
    const theirs = writeLink(link);
    const known = inLinks.some(({ applies }) => applies({ code: link, ours: {}, theirs }));
    assert.ok(!theirs.refused || known, `${link}\n${theirs.text}`);
  });
});

test("item numbers", () => {
  const r = random(seed + 2);
  const numbers = Array.from({ length: 3000 }, () => itemNumber(r));
  const answers = ours(numbers.map(([identifier, , digits]) => identifier + digits));
  const judged = numbers.map(([, symbology, digits], i) => ({
    code: `${symbology} ${digits}`,
    ours: answers[i],
    theirs: write(symbology, digits),
  }));
  judge(judged, []);
});

test("UPC-E", () => {
  const r = random(seed + 3);
  const codes = Array.from({ length: 2000 }, () => r.of("01") + r.text(7));
  const answers = ours(codes.map((digits) => "]E0" + digits));
  const judged = codes.map((code, i) => ({ code, ours: answers[i], theirs: write("upce", code) }));
  for (const { code, ours: { elements, reason }, theirs } of judged) {
    assert.equal(!reason, !theirs.refused, code);
    if (reason) continue;
    const long = elements[0][1].slice(2);
    assert.equal(long, withCheckDigit(long.slice(0, -1)));
    // The long form, written as UPC-E, gives the same bars, unless a shorter row of the table would have served.
    const six = code.slice(1, 7);
    if (/^(..[012]..3|...0.4|....0[5-9])$/.test(six)) continue;
    assert.deepEqual(write("upce", long).bars, theirs.bars, code);
  }
});

test("every known difference is still one", () => {
  for (const difference of inLinks) {
    const link = difference.example !== undefined;
    const code = difference.example ?? inBrackets.find(({ name }) => name === difference.name).example;
    const [answer] = ours([code]);
    const theirs = link ? writeLink(code) : write("gs1-128", code);
    const alike = !answer.reason === !theirs.refused;
    assert.ok(!alike && difference.applies({ code, ours: answer, theirs }), `take it out: ${difference.name}`);
  }
});

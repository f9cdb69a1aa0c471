// Where libs/gs1 and BWIPP judge differently, and why that is meant. A difference that is not here fails the test, and
// so does an entry whose example is judged alike again.
//
// `applies` sees the code, our answer ({reason} if refused) and BWIPP's ({refused, text} if refused).

const weAccept =
  (...names) =>
  ({ ours, theirs }) =>
    !ours.reason && names.includes(theirs.refused);

export const inBrackets = [
  {
    name: "AIs that exclude each other",
    why:
      "A rule about all barcodes of an item together; Parse sees one. (One measure with different decimals is " +
      "refused by both.)",
    example: "(01)09521234543213(37)24",
    applies: weAccept("GS1exclusiveAIs"),
  },
  {
    name: "countries, currencies, package types",
    why: "Others change these lists every year; a reader with an old list would turn away good food.",
    example: "(01)09521234543213(422)999",
    applies: weAccept(
      "GS1UnknownCountry",
      "GS1UnknownCountryAlpha",
      "GS1UnknownCountryOr999",
      "GS1UnknownCurrency",
      "GS1unknownPackageType",
    ),
  },
  {
    name: "North American coupons",
    why: "Nothing that a food bank reads; (8110) and (8112) are kept as text.",
    example: "(8110)9521",
    applies: ({ ours, theirs }) => !ours.reason && /AI 811[02]:/.test(theirs.text ?? ""),
  },
  {
    name: "company prefix",
    why: "It has 4 digits at least, as in GS1's own syntax tests; BWIPP is content with 2.",
    example: "(8004)952A",
    applies: ({ ours, theirs }) => theirs.bars && ours.reason === "BARCODE_VALUE" && /company prefix/.test(ours.text),
  },
];

export const inLinks = [
  ...inBrackets.map((difference) => ({ ...difference, example: undefined })),
  {
    name: "query attributes that belong into the path, or into no link",
    why: "There is only one way to take them, so they are read. They are never written.",
    example: "https://example.org/01/09521234543213?10=ABC",
    applies: weAccept("GS1dlInvalidDataAttribute", "GS1dlAttributeMustBeQualifier"),
  },
  {
    name: "a slash at the end of the path",
    why: "Web servers and people put one there; it changes nothing.",
    example: "https://example.org/01/09521234543213/",
    applies: ({ code, ours, theirs }) =>
      !ours.reason && /GS1dl(NoAIinfo|BadPathInfo)/.test(theirs.refused) && /\/([?#]|$)/.test(code),
  },
  {
    name: "a broken % at the end",
    why: "BWIPP takes it for a percent sign; RFC 3986 has no such thing.",
    example: "https://example.org/01/09521234543213/10/ABC%2",
    applies: ({ ours, theirs }) => theirs.bars && ours.reason === "BARCODE_FORMAT" && /%-sequence/.test(ours.text),
  },
  {
    name: "a plus sign in the query",
    why: "BWIPP reads it as a blank, as forms of web pages do; no value holds a blank, so it can only be a plus.",
    example: "https://example.org/01/09521234543213?240=A+B",
    applies: ({ code, ours, theirs }) =>
      !ours.reason && theirs.refused === "GS1badCSET82character" && /\?.*\+/.test(code),
  },
  {
    name: "a semicolon in the query",
    why: "Early versions of the standard let it separate like &; BWIPP takes it as part of the value.",
    example: "https://example.org/01/09521234543213?17=270331;15=270228",
    applies: ({ code, ours, theirs }) => !ours.reason && theirs.refused === "GS1valueTooLong" && /\?.*;/.test(code),
  },
];

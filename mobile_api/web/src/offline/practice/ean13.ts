// EAN-13 as bars, for the box that is shown in the practice. GS1 General Specifications, section 5.2 "EAN/UPC symbology": a digit is two bars
// and two spaces of seven modules; the first digit is told by which of the left six are drawn in set A or B.

const A = ['0001101', '0011001', '0010011', '0111101', '0100011', '0110001', '0101111', '0111011', '0110111', '0001011'];
const FIRST = ['AAAAAA', 'AABABB', 'AABBAB', 'AABBBA', 'ABAABB', 'ABBAAB', 'ABBBAA', 'ABABAB', 'ABABBA', 'ABBABA'];

const inverted = (modules: string) => [...modules].map((module) => (module === '1' ? '0' : '1')).join('');
const reversed = (modules: string) => [...modules].reverse().join('');

/** 95 modules, "1" is a bar. `digits`: 13, with a check digit that holds. */
export function ean13(digits: string): string {
  const numbers = [...digits].map(Number);
  const left = numbers.slice(1, 7).map((digit, index) => (FIRST[numbers[0]][index] === 'A' ? A[digit] : reversed(inverted(A[digit]))));
  const right = numbers.slice(7).map((digit) => inverted(A[digit]));
  return `101${left.join('')}01010${right.join('')}101`;
}

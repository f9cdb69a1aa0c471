// Tables as Excel files (ECMA-376, .xlsx): one sheet, a row of titles that stays in sight, numbers as numbers and all else as text, so that nothing
// in a cell is ever run as a formula. Loaded when somebody wants such a file.
import { downloadZip } from 'client-zip';

const HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';
const PACKAGE = 'http://schemas.openxmlformats.org/package/2006';
const OFFICE = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
const MAIN = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
const TYPE = 'application/vnd.openxmlformats-officedocument.spreadsheetml';
// Excel keeps 15 digits of a number; a longer one is text, as are codes that begin with 0.
const isNumber = (value: string | number | bigint) => typeof value !== 'string' && /^-?\d{1,15}(\.\d+)?$/.test(String(value));

const FORBIDDEN = new RegExp('[\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\ufffe\\uffff]', 'g');
const escaped = (text: string) =>
  text.replace(FORBIDDEN, '').replace(/[&<>"]/g, (one) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[one] ?? one);
/** 0 → A, 26 → AA. */
const letters = (index: number): string => (index < 26 ? '' : letters(Math.floor(index / 26) - 1)) + String.fromCharCode(65 + (index % 26));

function row(values: (string | number | bigint)[], at: number, style: string): string {
  const cells = values.map((value, index) => {
    const place = `r="${letters(index)}${at}"${style}`;
    if (value === '') return '';
    return isNumber(value) ? `<c ${place}><v>${value}</v></c>` : `<c ${place} t="inlineStr"><is><t xml:space="preserve">${escaped(String(value).slice(0, 32_767))}</t></is></c>`;
  });
  return `<row r="${at}">${cells.join('')}</row>`;
}

/** As wide as what stands in it, within reason; characters of Japanese are two wide. */
function width(values: (string | number | bigint)[]): number {
  const of = (value: string | number | bigint) => [...String(value)].reduce((sum, one) => sum + (one > '\u00ff' ? 2 : 1), 0);
  return Math.min(60, Math.max(8, ...values.slice(0, 200).map(of)) + 2);
}

export async function xlsx(sheet: string, titles: string[], rows: (string | number | bigint)[][]): Promise<Uint8Array> {
  const name = escaped(sheet.replace(/[[\]:*?/\\]/g, ' ').slice(0, 31)) || 'Sheet1';
  const last = `${letters(Math.max(0, titles.length - 1))}${rows.length + 1}`;
  const files = {
    '[Content_Types].xml': `<Types xmlns="${PACKAGE}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="${TYPE}.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="${TYPE}.worksheet+xml"/><Override PartName="/xl/styles.xml" ContentType="${TYPE}.styles+xml"/></Types>`,
    '_rels/.rels': `<Relationships xmlns="${PACKAGE}/relationships"><Relationship Id="rId1" Type="${OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
    'xl/workbook.xml': `<workbook xmlns="${MAIN}" xmlns:r="${OFFICE}"><sheets><sheet name="${name}" sheetId="1" r:id="rId1"/></sheets></workbook>`,
    'xl/_rels/workbook.xml.rels': `<Relationships xmlns="${PACKAGE}/relationships"><Relationship Id="rId1" Type="${OFFICE}/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="${OFFICE}/styles" Target="styles.xml"/></Relationships>`,
    'xl/styles.xml': `<styleSheet xmlns="${MAIN}"><fonts count="2"><font/><font><b/></font></fonts><fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="2"><xf xfId="0"/><xf fontId="1" applyFont="1" xfId="0"/></cellXfs></styleSheet>`,
    'xl/worksheets/sheet1.xml': [
      `<worksheet xmlns="${MAIN}"><sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>`,
      `<cols>${titles.map((title, index) => `<col min="${index + 1}" max="${index + 1}" width="${width([title, ...rows.map((one) => one[index])])}" customWidth="1"/>`).join('')}</cols>`,
      `<sheetData>${row(titles, 1, ' s="1"')}${rows.map((one, index) => row(one, index + 2, '')).join('')}</sheetData><autoFilter ref="A1:${last}"/></worksheet>`,
    ].join(''),
  };
  const zip = downloadZip(Object.entries(files).map(([path, input]) => ({ name: path, input: HEAD + input, lastModified: new Date() })));
  return new Uint8Array(await zip.arrayBuffer());
}

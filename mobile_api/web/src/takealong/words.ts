import { words } from '../i18n/words';

export const t = words(
  {
    title: 'データをすべて持ち出す',
    explain: 'あなたが見られるデータを、すべて1つの ZIP ファイルにします。一覧ごとに CSV と NDJSON（プログラム向け）が入り、書類や写真、配分の記録もファイルとして入ります。',
    manifest: 'manifest.json に、ファイルごとの件数と SHA-256、見る権限がなく入らなかったものを記します。',
    care: '団体や担当者の連絡先などが含まれます。保存先と渡す相手にご注意ください。',
    start: '持ち出しを始める',
    cancel: '中止する',
    working: '{done}/{of} 一覧、{rows}行、{files}ファイル',
    now: '読み込み中：{name}',
    cancelled: '中止しました。ファイルは保存していません。',
    done: 'できあがりました。{rows}行、{files}ファイルです。',
    again: 'もう一度持ち出す',
    fileName: 'kubari-データ-{day}.zip',
    commandLine: 'コマンドラインでは kubari export --all フォルダー で同じものが得られ、途中で切れても続きから始められます。',
  },
  {
    title: 'Take all data along',
    explain: 'Everything that you may see, in one ZIP file: each list as CSV and as NDJSON (for programs), and papers, pictures and records of allocations as files.',
    manifest: 'manifest.json tells the rows and the SHA-256 of each file, and what was left out because you may not see it.',
    care: 'It holds contacts of groups and their people. Mind where you keep it and whom you give it to.',
    start: 'Begin',
    cancel: 'Cancel',
    working: '{done} of {of} lists, {rows} rows, {files} files',
    now: 'Reading {name}',
    cancelled: 'Cancelled. No file was kept.',
    done: 'Done: {rows} rows, {files} files.',
    again: 'Once more',
    fileName: 'kubari-data-{day}.zip',
    commandLine: 'On the command line, kubari export --all FOLDER gives the same, and goes on where it was cut off.',
  },
);

import { words } from '../../i18n/words';

export const t = words(
  {
    title: '受け持ちの団体に渡す',
    hint: '拠点あてにまとめて届く品を、団体ごとに並べています。届いたら、まずホームの「配送中の品」で受領確認をしてください。団体に渡したら、ここで記録します。',
    none: 'いま、受け持ちの団体あてに届く品はありません。',
    missing: '届かなかった分があります。ある分だけを渡してください。',
    all: '{group}に渡した（{items}）',
    part: '数を変えて渡す',
    sending: '{done} / {all} 品を記録しています…',
    done: '{group}に渡した記録をしました。団体が受け取りを確認します。',
    failed: '{product}：記録できませんでした。',
    print: '一覧を印刷',
    by: '{date} までに拠点へ',
    on: '{date} に団体へ',
  },
  {
    title: 'Hand on to the groups you serve',
    hint: 'What comes to the hub for other groups, group by group. When it arrives, first confirm it on your first page, under “On the way to you”. When you have handed it over, record it here.',
    none: 'Nothing is coming for the groups you serve.',
    missing: 'Some of it did not arrive. Hand on what is there.',
    all: 'Handed to {group} ({items})',
    part: 'Another number',
    sending: 'Recording {done} of {all}…',
    done: 'Recorded: handed to {group}, which confirms that it has received it.',
    failed: '{product}: not recorded.',
    print: 'Print the list',
    by: 'At the hub by {date}',
    on: 'to the group on {date}',
  },
);

// The columns of lists that coordinators bring along, as the services' imports read them, and the headings people's own lists have.
import type { Choice, ImportColumn } from '../components/import/table';

const yesNo: Choice[] = [
  { value: 'yes', title: { ja: 'はい', en: 'Yes' }, words: ['可', '○', '有', 'あり', '1', 'true', '認める'] },
  { value: 'no', title: { ja: 'いいえ', en: 'No' }, words: ['不可', '×', '無', 'なし', '0', 'false', '認めない'] },
];
const levels: Choice[] = [
  { value: 'basic', title: { ja: '合意書あり', en: 'Agreement' } },
  { value: 'hygiene', title: { ja: '衛生責任者・記録あり', en: 'Hygiene' } },
  { value: 'storage_proven', title: { ja: '保管温度を記録', en: 'Storage proven' } },
  { value: 'certified', title: { ja: '外部認証', en: 'Certified' } },
];
const zones: Choice[] = [
  { value: 'ambient', title: { ja: '常温', en: 'Ambient' }, words: ['ドライ', '室温', 'dry'] },
  { value: 'chilled', title: { ja: '冷蔵', en: 'Chilled' }, words: ['チルド', '要冷蔵'] },
  { value: 'frozen', title: { ja: '冷凍', en: 'Frozen' }, words: ['要冷凍', 'フローズン'] },
];
const category: Choice[] = [
  ['rice', '米', 'Rice'],
  ['noodles', 'めん類', 'Noodles', '麺', '麺類'],
  ['bread_cereal', 'パン・シリアル', 'Bread and cereal', 'パン'],
  ['canned', '缶詰', 'Canned'],
  ['retort', 'レトルト', 'Retort'],
  ['seasoning', '調味料', 'Seasoning'],
  ['snack', '菓子', 'Snacks', 'お菓子'],
  ['drink', '飲料', 'Drinks', '飲み物'],
  ['dairy_egg', '乳製品・卵', 'Dairy and eggs'],
  ['meat_fish', '肉・魚', 'Meat and fish'],
  ['fruit_vegetable', '野菜・果物', 'Fruit and vegetables'],
  ['prepared', '調理済み食品', 'Prepared food', '惣菜'],
  ['baby', 'ベビーフード', 'Baby food'],
  ['care', '介護食', 'Care food'],
  ['non_food', '食品以外', 'Other than food', '日用品'],
].map(([value, ja, en, ...words]) => ({ value, title: { ja, en }, words }));

const code = (what: { ja: string; en: string }, example: string): ImportColumn => ({
  key: 'code',
  title: { ja: 'コード', en: 'Code' },
  aliases: ['番号', '管理番号', 'ID', 'No'],
  required: true,
  hint: { ja: `ネットワーク内で重ならない、${what.ja}の短い記号。登録済みのコードの行は飛ばします。`, en: `Short and unique in the network. A ${what.en} whose code is there already is skipped.` },
  example,
});
const name = (example: string): ImportColumn => ({
  key: 'name',
  title: { ja: '名前', en: 'Name' },
  aliases: ['名称', '団体名', '会社名', '企業名', '商品名', '品名', 'name'],
  required: true,
  hint: { ja: '正式な名前（200文字まで）。', en: 'Full name, up to 200 characters.' },
  example,
});
const kana = (example: string): ImportColumn => ({
  key: 'name_kana',
  title: { ja: '読み（カナ）', en: 'Reading (kana)' },
  aliases: ['カナ', 'フリガナ', 'ふりがな', 'よみ'],
  hint: { ja: '探すときに使います。', en: 'For finding it.' },
  example,
});
const email: ImportColumn = {
  key: 'contact_email',
  title: { ja: '連絡先メール', en: 'Contact e-mail' },
  aliases: ['メール', 'メールアドレス', 'email', 'e-mail'],
  hint: { ja: '組織のメール。個人のものは入れません。', en: 'Of the organisation, not of a private person.' },
  example: 'office@example.jp',
};
const address = (required: boolean): ImportColumn[] => [
  { key: 'postal_code', title: { ja: '郵便番号', en: 'Postal code' }, aliases: ['〒', '郵便'], hint: { ja: '例：100-0001', en: 'For instance 100-0001' }, example: '100-0001' },
  {
    key: 'municipality_code',
    title: { ja: '市区町村コード', en: 'Municipality code' },
    aliases: ['自治体コード', '全国地方公共団体コード', 'JISコード'],
    required,
    hint: { ja: '5桁。上2桁は都道府県です。', en: 'Five digits; the first two are the prefecture.' },
    example: '13101',
  },
  { key: 'address', title: { ja: '住所', en: 'Address' }, aliases: ['所在地'], hint: { ja: '都道府県より後。', en: 'After the prefecture.' }, example: '千代田区千代田1-1' },
];
const position = (required: boolean): ImportColumn[] => [
  { key: 'latitude', title: { ja: '緯度', en: 'Latitude' }, aliases: ['lat'], required, hint: { ja: '度（小数）。距離の計算に使います。', en: 'Decimal degrees, for distances.' }, example: '35.685175' },
  { key: 'longitude', title: { ja: '経度', en: 'Longitude' }, aliases: ['lng', 'lon'], required, hint: { ja: '度（小数）。', en: 'Decimal degrees.' }, example: '139.752799' },
];
const agreement = (required: boolean): ImportColumn[] => [
  { key: 'agreement_title', title: { ja: '合意書', en: 'Agreement' }, aliases: ['合意書名', '契約'], required, hint: { ja: '合意書の件名。', en: 'Its title.' }, example: '食品寄付に関する合意書' },
  { key: 'agreement_from', title: { ja: '合意書の開始日', en: 'Agreement from' }, kind: 'day', required, hint: { ja: '2026-04-01 の形。', en: 'Like 2026-04-01.' }, example: '2026-04-01' },
  { key: 'agreement_to', title: { ja: '合意書の終了日', en: 'Agreement until' }, kind: 'day', hint: { ja: '空なら期限なし。', en: 'Empty: no end.' }, example: '2029-03-31' },
];

export const donorColumns: ImportColumn[] = [
  code({ ja: '寄付者', en: 'donor' }, 'D001'),
  name('あおば食品株式会社（例）'),
  kana('アオバショクヒン'),
  ...address(true),
  ...position(false),
  email,
  ...agreement(true),
  { key: 'min_compliance_level', title: { ja: '求める遵守レベル', en: 'Compliance level' }, aliases: ['法令遵守レベル'], choices: levels, hint: { ja: '団体に求めるレベル。空なら指定なし。', en: 'Asked of groups. Empty: none.' }, example: '合意書あり' },
  { key: 'onward_transfer', title: { ja: '二次配布', en: 'Onward transfer' }, choices: yesNo, hint: { ja: '団体からほかの団体へ渡してよいか。空なら不可。', en: 'May groups pass goods on? Empty: no.' }, example: 'いいえ' },
  { key: 'excluded_prefectures', title: { ja: '配布しない都道府県', en: 'Excluded prefectures' }, hint: { ja: '2桁のコードを「;」で区切ります。', en: 'Two-digit codes, separated by “;”.' }, example: '01;47' },
  { key: 'min_remaining_days', title: { ja: '引渡し時の残日数', en: 'Days left at hand-over' }, aliases: ['残日数'], hint: { ja: '日数。空なら指定なし。', en: 'Days. Empty: none.' }, example: '14' },
  { key: 'past_best_before', title: { ja: '賞味期限後の引渡し', en: 'Past best-before' }, choices: yesNo, hint: { ja: '備蓄品など。空なら不可。', en: 'Stockpiles, for instance. Empty: no.' }, example: 'いいえ' },
  { key: 'may_be_named', title: { ja: '名前の公開', en: 'May be named' }, choices: yesNo, hint: { ja: '団体や報告で名前を示してよいか。空なら不可。', en: 'May groups and reports name the donor? Empty: no.' }, example: 'はい' },
];

export const groupColumns: ImportColumn[] = [
  code({ ja: '団体', en: 'group' }, 'G001'),
  name('みどり子ども食堂（例）'),
  kana('ミドリコドモショクドウ'),
  {
    key: 'kind',
    title: { ja: '種類', en: 'Kind' },
    aliases: ['団体種別', '種別', '区分'],
    required: true,
    hint: { ja: 'こども食堂・フードバンク・フードパントリー・こども宅食・児童福祉施設・その他。', en: 'Children’s cafeteria, food bank, pantry, home delivery, facility, other.' },
    example: 'こども食堂',
    choices: [
      { value: 'cafeteria', title: { ja: 'こども食堂', en: 'Children’s cafeteria' }, words: ['子ども食堂', '子供食堂'] },
      { value: 'food_bank', title: { ja: 'フードバンク', en: 'Food bank' } },
      { value: 'pantry', title: { ja: 'フードパントリー', en: 'Pantry' }, words: ['パントリー'] },
      { value: 'home_delivery', title: { ja: 'こども宅食', en: 'Home delivery' }, words: ['子ども宅食', '宅食'] },
      { value: 'facility', title: { ja: '児童福祉施設など', en: 'Facility' }, words: ['児童福祉施設', '施設'] },
      { value: 'other', title: { ja: 'その他', en: 'Other' } },
    ],
  },
  ...address(true),
  ...position(true),
  email,
  { key: 'households', title: { ja: '世帯数', en: 'Households' }, aliases: ['支援世帯数'], required: true, hint: { ja: 'ふだんの月に支える世帯の数。', en: 'Served in a usual month.' }, example: '30' },
  { key: 'children', title: { ja: 'こどもの数', en: 'Children' }, aliases: ['子どもの数', '児童数'], hint: { ja: 'そのうちのこどもの数。', en: 'How many children.' }, example: '45' },
  { key: 'categories', title: { ja: '使える分類', en: 'Can use' }, hint: { ja: '英小文字の分類名を「;」で区切ります（rice;noodles など）。空なら食品すべて。', en: 'Category names in lower case, separated by “;” (rice;noodles). Empty: all food.' }, example: '' },
  { key: 'excluded_allergens', title: { ja: '避けるアレルゲン', en: 'Excluded allergens' }, aliases: ['アレルゲン'], hint: { ja: '英小文字の名前を「;」で区切ります（egg;milk など）。', en: 'Names in lower case, separated by “;” (egg;milk).' }, example: '' },
  { key: 'wanted_tags', title: { ja: 'ほしいもの', en: 'Looks for' }, hint: { ja: '英小文字の特徴名を「;」で区切ります（care_food;low_salt など）。', en: 'Tags in lower case, separated by “;” (care_food;low_salt).' }, example: '' },
  { key: 'excluded_tags', title: { ja: '使えないもの', en: 'Cannot use' }, hint: { ja: '同じ書き方（needs_cooking など）。', en: 'The same way (needs_cooking).' }, example: '' },
  { key: 'ambient_items', title: { ja: '常温の置き場所', en: 'Ambient storage' }, aliases: ['常温'], hint: { ja: '一度に置ける点数。', en: 'Items at once.' }, example: '300' },
  { key: 'chilled_items', title: { ja: '冷蔵の置き場所', en: 'Chilled storage' }, aliases: ['冷蔵'], hint: { ja: '一度に置ける点数。', en: 'Items at once.' }, example: '40' },
  { key: 'frozen_items', title: { ja: '冷凍の置き場所', en: 'Frozen storage' }, aliases: ['冷凍'], hint: { ja: '一度に置ける点数。', en: 'Items at once.' }, example: '0' },
  { key: 'receiving_days', title: { ja: '受け取れる曜日', en: 'Receiving days' }, aliases: ['曜日'], hint: { ja: 'mon;tue;wed;thu;fri;sat;sun を「;」で区切ります。空ならいつでも。', en: 'mon;tue;wed;thu;fri;sat;sun, separated by “;”. Empty: any day.' }, example: 'tue;fri' },
  { key: 'compliance_level', title: { ja: '遵守レベル', en: 'Compliance level' }, aliases: ['法令遵守レベル'], choices: levels, hint: { ja: '証明があるときだけ。', en: 'Only with evidence.' }, example: '' },
  { key: 'evidence_title', title: { ja: '証明の名前', en: 'Evidence' }, hint: { ja: '食品衛生責任者など。', en: 'For instance “food-hygiene person”.' }, example: '' },
  { key: 'evidence_from', title: { ja: '証明の開始日', en: 'Evidence from' }, kind: 'day', hint: { ja: '2026-04-01 の形。', en: 'Like 2026-04-01.' }, example: '' },
  { key: 'evidence_to', title: { ja: '証明の終了日', en: 'Evidence until' }, kind: 'day', hint: { ja: '空なら期限なし。', en: 'Empty: no end.' }, example: '' },
  ...agreement(false),
  { key: 'hub_code', title: { ja: '拠点のコード', en: 'Code of its hub' }, aliases: ['ハブ', '拠点'], hint: { ja: '小分けを受ける拠点の団体コード。', en: 'Of the group that breaks bulk for it.' }, example: '' },
  { key: 'max_distance_km', title: { ja: '受け取れる距離（km）', en: 'Distance (km)' }, hint: { ja: '空なら制限なし。', en: 'Empty: no limit.' }, example: '30' },
  { key: 'min_remaining_days', title: { ja: '必要な残日数', en: 'Days left' }, aliases: ['残日数'], hint: { ja: '受け取り時に残っているべき日数。', en: 'That must be left at hand-over.' }, example: '7' },
];

export const productColumns: ImportColumn[] = [
  {
    key: 'barcode',
    title: { ja: 'バーコード', en: 'Barcode' },
    aliases: ['JAN', 'JANコード', 'GTIN', 'EAN', '商品コード'],
    required: true,
    hint: { ja: 'JAN 8桁・13桁、UPC、または ITF 14桁。登録済みの行は飛ばします。', en: 'JAN of 8 or 13 digits, UPC, or ITF of 14. What is there already is skipped.' },
    example: '9520000000019',
  },
  name('やわらかごはん 200g'),
  kana('ヤワラカゴハン'),
  { key: 'category', title: { ja: '分類', en: 'Category' }, aliases: ['カテゴリ', '区分'], required: true, choices: category, hint: { ja: '分類名（レトルト、介護食 など）。', en: 'Its category (retort, care food …).' }, example: '介護食' },
  { key: 'grams', title: { ja: '重さ（g）', en: 'Grams' }, aliases: ['重量', '内容量', 'グラム'], required: true, hint: { ja: '1点の重さ。包装を含みます。', en: 'One item with its package.' }, example: '210' },
  { key: 'items_per_case', title: { ja: '入数', en: 'Items per case' }, aliases: ['ケース入数'], required: true, hint: { ja: '1ケースの点数。', en: 'In one case.' }, example: '24' },
  { key: 'temperature', title: { ja: '温度帯', en: 'Temperature' }, aliases: ['保管温度', '保存方法'], required: true, choices: zones, hint: { ja: '常温・冷蔵・冷凍。', en: 'Ambient, chilled or frozen.' }, example: '常温' },
  { key: 'allergens_contained', title: { ja: '含むアレルゲン', en: 'Contains' }, aliases: ['アレルゲン'], hint: { ja: '英小文字の名前を「;」で区切ります（wheat;milk など）。', en: 'Names in lower case, separated by “;” (wheat;milk).' }, example: '' },
  { key: 'allergens_free', title: { ja: '含まないと表示', en: 'Declared free from' }, hint: { ja: '同じ書き方。どちらにもないものは「不明」です。', en: 'The same way. In neither list: unknown.' }, example: '' },
  { key: 'tags', title: { ja: '特徴', en: 'Properties' }, hint: { ja: '英小文字の特徴名を「;」で区切ります（care_food;low_salt など）。', en: 'Tags in lower case, separated by “;”.' }, example: 'care_food' },
  { key: 'maker', title: { ja: 'メーカー', en: 'Maker' }, aliases: ['製造者', 'ブランド'], hint: { ja: '製造者の名前。', en: 'Who makes it.' }, example: 'あおば食品（例）' },
  { key: 'case_barcode', title: { ja: 'ケースのバーコード', en: 'Barcode of the case' }, aliases: ['ITF', 'ITFコード'], hint: { ja: 'ITF 14桁。', en: 'ITF of 14 digits.' }, example: '' },
];

export const warehouseColumns: ImportColumn[] = [
  { key: 'warehouse_code', title: { ja: '倉庫コード', en: 'Warehouse code' }, required: true, hint: { ja: 'ネットワーク内で重ならない短い記号。', en: 'Short and unique in the network.' }, example: 'E' },
  { key: 'warehouse_name', title: { ja: '倉庫名', en: 'Warehouse' }, aliases: ['倉庫'], required: true, hint: { ja: '人が読む名前。同じ倉庫の行では揃えます。', en: 'For people; the same in all its rows.' }, example: '東倉庫（例）' },
  { key: 'operator_name', title: { ja: '運営団体', en: 'Operator' }, aliases: ['運営', '団体'], required: true, hint: { ja: 'なければ新しく登録します。', en: 'Registered if it is new.' }, example: '東倉庫の会（例）' },
  ...address(false).filter((column) => column.key !== 'postal_code'),
  ...position(false),
  { key: 'place_code', title: { ja: '棚コード', en: 'Shelf code' }, aliases: ['棚', '棚番', 'ロケーション'], required: true, hint: { ja: '倉庫の中で重ならない記号。1行に1つの棚。', en: 'Unique in the warehouse; a row a shelf.' }, example: 'A-01' },
  { key: 'temperature', title: { ja: '温度帯', en: 'Temperature' }, aliases: ['保管温度'], required: true, choices: zones, hint: { ja: '常温・冷蔵・冷凍。', en: 'Ambient, chilled or frozen.' }, example: '常温' },
];

// What each figure of impact means (impact.proto).
import { words } from '../i18n/words';

export const t = words(
  {
    deliveries: '団体が受領を確認した配送の数。確認した日（ネットワークの時刻）に数えます。',
    items: '受領が確認された点数と重さ。ほかの団体へ渡した分、返した分、捨てた分、訂正は差し引きます。渡した先の団体が確認した分は、その団体の数になります。セットは中身で数えます。',
    distinct: '団体ごとに、期間中で最も多かった世帯数を一度だけ数えた合計。',
    cumulative: '確認された配送のたびに、その時点で団体が支えていた世帯数を足した合計。',
    shipped: '棚や寄付者から団体へ出した分。配送中と受領確認済みを含み、戻った分は差し引きます。',
    received: '期間中に倉庫に入った分。寄付者に返した分と訂正は差し引きます。',
    discarded: '棚や団体で捨てた分。',
    groups: '期間中に受け取った団体の数。',
  },
  {
    deliveries: 'Deliveries that groups confirmed, on the day of confirmation in the network’s time zone.',
    items: 'Items and weight that groups confirmed, less what they passed on, gave back or threw away, and less corrections. What was passed on counts with the other group once it confirms it. A kit counts by its parts.',
    distinct: 'Each group once, with the largest number of households of the period.',
    cumulative: 'For every confirmed delivery, the households its group served at that moment, added up.',
    shipped: 'Sent to groups from shelves or straight from donors, on their way or confirmed, less what came back.',
    received: 'Arrived at warehouses in the period, less what went back to donors, and less corrections.',
    discarded: 'Thrown away from shelves and by groups.',
    groups: 'Groups that received something in the period.',
  },
);

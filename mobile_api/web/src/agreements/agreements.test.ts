import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';

import { AgreementSchema, DutiesSchema } from '../gen/kubari/type/v1/food_pb';
import { daysBetween, dutyTexts, kindOf, linkTo, versionOn } from './agreements';

const version = (number: number, from: string) => create(AgreementSchema, { version: number, validFromDate: '2026-04-01', versionFromDate: from });

describe('agreements', () => {
  it('are shown where their name says', () => {
    expect(linkTo('groups/a/agreements/b')).toBe('#/agreements/groups/a/b');
    expect(kindOf('donors/a/agreements/b')).toBe('donors');
  });
  it('have one version that counts on a day', () => {
    const versions = [version(3, '2027-01-01'), version(2, '2026-12-01'), version(1, '2026-04-01')];
    expect(versionOn(versions, '2026-11-30')?.version).toBe(1);
    expect(versionOn(versions, '2026-12-01')?.version).toBe(2);
    expect(versionOn(versions, '2028-01-01')?.version).toBe(3);
    expect(versionOn(versions, '2026-01-01')?.version, 'before it began: its first day').toBe(1);
  });
  it('let a newer version stand before an older one that begins later', () => {
    expect(versionOn([version(3, '2026-11-01'), version(2, '2026-12-01'), version(1, '2026-04-01')], '2026-12-24')?.version).toBe(3);
  });
  it('count days over the change of the clock', () => {
    expect(daysBetween('2026-11-21', '2026-11-21')).toBe(0);
    expect(daysBetween('2026-11-21', '2027-01-20')).toBe(60);
  });
  it('tell duties that were agreed and no others', () => {
    expect(dutyTexts(undefined)).toEqual([]);
    expect(dutyTexts(create(DutiesSchema, { reportMonths: 6, noticeDays: 30 }))).toHaveLength(2);
  });
});

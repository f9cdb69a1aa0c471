// What a form about a household holds, apart from how it is shown.
import { HandoverPlace, Urgency, type Details, type Household } from '../gen/kubari/support/v1/support_pb';
import type { Allergen, DietaryTag } from '../gen/kubari/type/v1/food_pb';
import { BANDS, type Band } from './labels';

export class HouseholdForm {
  ages = $state<Record<Band, number | null>>(Object.fromEntries(BANDS.map(([band]) => [band, null])) as Record<Band, number | null>);

  constructor(household?: Household) {
    for (const [band, field] of BANDS) if (household?.[field]) this.ages[band] = household[field];
  }

  get people(): number {
    return BANDS.reduce((sum, [band]) => sum + (this.ages[band] ?? 0), 0);
  }

  message() {
    return Object.fromEntries(BANDS.map(([band, field]) => [field, this.ages[band] ?? 0]));
  }
}

export class DetailsForm {
  allergens = $state<Allergen[]>([]);
  dietaryTags = $state<DietaryTag[]>([]);
  cooking = $state<number[]>([]);
  place = $state<HandoverPlace>(HandoverPlace.FETCH);
  placeText = $state('');
  days = $state<number | null>(7);
  note = $state('');
  partnerReference = $state('');
  contact = $state('');

  constructor(details?: Details) {
    if (!details) return;
    this.allergens = [...details.allergens];
    this.dietaryTags = [...details.dietaryTags];
    this.cooking = [...details.cooking];
    this.place = details.place;
    this.placeText = details.placeText;
    this.days = details.days;
    this.note = details.note;
    this.partnerReference = details.partnerReference;
    this.contact = details.contact;
  }

  message() {
    return {
      allergens: this.allergens,
      dietaryTags: this.dietaryTags,
      cooking: this.cooking,
      place: this.place,
      placeText: this.placeText.trim(),
      days: this.days ?? 0,
      note: this.note.trim(),
      partnerReference: this.partnerReference.trim(),
      contact: this.contact.trim(),
    };
  }
}

/** Whole days from today, as the service reckons them from the urgency. */
const DAYS: Partial<Record<Urgency, number>> = { [Urgency.TODAY]: 0, [Urgency.THREE_DAYS]: 3, [Urgency.WEEK]: 7, [Urgency.MONTH]: 30 };

export function dueOf(urgency: Urgency, today: string): string {
  return new Date(Date.parse(`${today}T00:00:00Z`) + (DAYS[urgency] ?? 0) * 86_400_000).toISOString().slice(0, 10);
}

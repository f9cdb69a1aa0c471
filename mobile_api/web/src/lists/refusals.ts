/** Why a group does not take what it was offered, as AllocationService.RefuseLine knows it. */
export const REFUSALS = ['NO_SPACE', 'NO_USE', 'CANNOT_FETCH', 'TOO_SHORT_DATE', 'OTHER'];

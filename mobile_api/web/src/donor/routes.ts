import type { Route } from '../routes';

export const donor: Route[] = [];

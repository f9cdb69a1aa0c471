import type { Route } from '../routes';

export const group: Route[] = [];

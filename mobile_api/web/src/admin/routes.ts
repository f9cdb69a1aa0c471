import type { Route } from '../routes';

export const admin: Route[] = [];

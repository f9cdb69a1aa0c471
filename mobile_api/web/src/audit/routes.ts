import type { Route } from '../routes';

export const audit: Route[] = [];

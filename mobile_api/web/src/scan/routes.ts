import type { Route } from '../routes';

export const scan: Route[] = [];

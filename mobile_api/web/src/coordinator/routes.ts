import type { Route } from '../routes';

export const coordinator: Route[] = [];

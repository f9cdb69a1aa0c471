// What jsdom lacks, and a clean start for each test.
import { configure } from '@testing-library/svelte';
import { beforeEach } from 'vitest';

import { session } from '../api/session.svelte';
import { language } from '../i18n/language.svelte';

// Machines that do other things meanwhile are slow, not wrong.
configure({ asyncUtilTimeout: 10_000 });

HTMLDialogElement.prototype.showModal = function () {
  this.open = true;
};
HTMLDialogElement.prototype.close = function () {
  this.open = false;
  this.dispatchEvent(new Event('close'));
};
window.scrollTo = () => {};
Element.prototype.scrollIntoView = () => {};

beforeEach(() => {
  localStorage.clear();
  language.set('ja');
  session.value = undefined;
  location.hash = '';
});

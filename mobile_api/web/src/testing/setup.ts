// What jsdom lacks, and a clean start for each test.
import { beforeEach } from 'vitest';

import { session } from '../api/session.svelte';
import { language } from '../i18n/language.svelte';

HTMLDialogElement.prototype.showModal = function () {
  this.open = true;
};
HTMLDialogElement.prototype.close = function () {
  this.open = false;
  this.dispatchEvent(new Event('close'));
};
window.scrollTo = () => {};

beforeEach(() => {
  localStorage.clear();
  language.set('ja');
  session.value = undefined;
  location.hash = '';
});

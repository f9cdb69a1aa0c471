import { mount } from 'svelte';

import './app.css';
import { connect } from './api/clients';
import { session } from './api/session.svelte';
import { browserTransport } from './api/transport';
import App from './App.svelte';
import { readable } from './i18n/english.svelte';
import './offline/install.svelte';
import { link } from './offline/link.svelte';
import { update } from './offline/update.svelte';
import './theme.svelte';
import { lotInDigitalLink } from './lots/link';

// A lot's own label is a GS1 Digital Link to this address: …/01/{GTIN}/10/{lot code}.
const lotCode = lotInDigitalLink(location.pathname);
if (lotCode) history.replaceState(null, '', `/#/lots/${lotCode}`);

connect(browserTransport());
link.watch(() => session.ask());
void readable(Promise.resolve(App)).then((app) => mount(app, { target: document.getElementById('app')! }));
void update.start();

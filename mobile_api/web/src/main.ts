import { mount } from 'svelte';

import './app.css';
import { connect } from './api/clients';
import { browserTransport } from './api/transport';
import App from './App.svelte';

connect(browserTransport());
mount(App, { target: document.getElementById('app')! });

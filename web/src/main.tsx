import './styles/tokens.css';
import './styles/fonts.css';
import './styles/base.css';
import './styles/pages.css';
import { render } from 'solid-js/web';
import { App } from './ui/app';

const root = document.getElementById('app');
if (root) render(() => <App path={location.pathname} />, root);

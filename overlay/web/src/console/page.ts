import '../player/index';
import '../theme/page.css';
import { VitrineConsole } from './element';
import { VitrineAnnouncement } from './announcement';
import { VitrineShelf } from './shelf';

// The console page: /console/CHANNEL.

customElements.define('vitrine-shelf', VitrineShelf);
customElements.define('vitrine-announcement', VitrineAnnouncement);
customElements.define('vitrine-console', VitrineConsole);
const page = document.querySelector('vitrine-console')!;
const channel = decodeURIComponent(location.pathname.split('/')[2] ?? '');
document.title = `${channel}: console`;
page.setAttribute('channel', channel);

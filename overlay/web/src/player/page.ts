import type { Status } from '../playback/status';
import './index';
import '../theme/page.css';

// The player page: the channel is the folder that it is served from.

const player = document.querySelector('vitrine-player')!;
const quality = new URLSearchParams(location.search).get('quality');
if (quality) player.setAttribute('quality', quality);
player.addEventListener('status', (e) => {
  document.title = (e as CustomEvent<Status>).detail.title || 'Live';
});

import { VitrineCard } from './card';
import { VitrineControls } from './controls';
import { VitrineCurtain } from './curtain';
import { VitrinePlayer } from './element';

// Everything an embedder needs: importing this module defines the elements, once.

const elements = {
  'vitrine-card': VitrineCard,
  'vitrine-controls': VitrineControls,
  'vitrine-curtain': VitrineCurtain,
  'vitrine-player': VitrinePlayer,
};

for (const [name, element] of Object.entries(elements)) {
  if (!customElements.get(name)) customElements.define(name, element);
}

export { VitrinePlayer };
export type { CueEvent } from '../cue/scheduler';
export type { Stats } from '../playback/engine';

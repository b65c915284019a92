import { css } from 'lit';

/** How the parts of the player lie upon each other. */
export const playerStyle = css`
  :host {
    display: block;
    position: relative;
    overflow: hidden;
    aspect-ratio: 16 / 9;
    background: #000;
    font-family: var(--v-font);
    color: var(--v-ink);
    container-type: size;
  }
  :host([fill]) {
    position: fixed;
    inset: 0;
    aspect-ratio: auto;
  }
  :host(:focus-visible) {
    box-shadow: none;
  }
  .frame {
    position: absolute;
    inset: 0;
  }
  .frame.idle {
    cursor: none;
  }
  video {
    display: block;
    inline-size: 100%;
    block-size: 100%;
    object-fit: contain;
  }
  .top {
    position: absolute;
    inset-block-start: 0;
    inset-inline: 0;
    pointer-events: none;
  }
  .heading {
    display: flex;
    align-items: flex-start;
    gap: var(--v-3);
    padding: var(--v-3);
    background: linear-gradient(rgb(0 0 0 / 0.6), rgb(0 0 0 / 0.25) 70%, transparent);
    transition: opacity 0.2s;
  }
  .badge {
    flex: none;
    padding: 0.15rem 0.5rem;
    border-radius: var(--v-radius-s);
    background: var(--v-live);
    color: #1d0003;
    font-size: var(--v-text-xs);
    font-weight: 800;
    letter-spacing: 0.06em;
    line-height: 1.5;
  }
  .badge.behind {
    background: rgb(255 255 255 / 0.85);
    color: var(--v-print);
  }
  .name {
    display: -webkit-box;
    -webkit-box-orient: vertical;
    -webkit-line-clamp: 2;
    overflow: hidden;
    margin: 0;
    font-size: var(--v-text-m);
    font-weight: 650;
    line-height: 1.35;
    overflow-wrap: anywhere;
    text-shadow: 0 1px 3px rgb(0 0 0 / 0.6);
  }
  .cards {
    position: absolute;
    z-index: 1;
    inset-block-end: calc(var(--v-target) + var(--v-3));
    inset-inline-start: var(--v-3);
    display: flex;
    flex-direction: column;
    gap: var(--v-2);
    inline-size: min(24rem, 100% - 2 * var(--v-3));
  }
  vitrine-card {
    animation: come 0.16s ease-out;
  }
  @keyframes come {
    from {
      opacity: 0.2;
      transform: translateY(0.5rem);
    }
  }
  vitrine-card[compact] {
    inline-size: min(100%, 16rem);
  }
  vitrine-controls {
    position: absolute;
    inset-block-end: 0;
    inset-inline: 0;
    transition: opacity 0.2s;
  }
  .idle vitrine-controls:not(:focus-within),
  .idle .heading {
    opacity: 0;
  }
  .unmute {
    display: flex;
    margin-inline-start: var(--v-3);
    pointer-events: auto;
    align-items: center;
    gap: var(--v-2);
    min-block-size: var(--v-target);
    padding: 0 var(--v-4) 0 var(--v-3);
    border: 0;
    border-radius: 999px;
    background: rgb(255 255 255 / 0.94);
    color: var(--v-print);
    font-size: var(--v-text-s);
    font-weight: 650;
    box-shadow: var(--v-shadow);
  }
  .unmute svg {
    inline-size: 1.25rem;
    block-size: 1.25rem;
  }
  .figures {
    position: absolute;
    inset-block-start: calc(var(--v-3) + 2.5rem);
    inset-inline-end: var(--v-3);
    max-inline-size: min(22rem, 100% - 2 * var(--v-3));
    margin: 0;
    padding: var(--v-2) var(--v-3);
    border-radius: var(--v-radius-s);
    background: rgb(15 16 19 / 0.85);
    font-size: var(--v-text-xs);
    font-variant-numeric: tabular-nums;
    line-height: 1.6;
  }
  /* A wide picture in a tall window: the card below it, not far away at the bottom. */
  @container (max-aspect-ratio: 4 / 5) and (min-height: 28rem) {
    .wide {
      --height: calc(100cqi / var(--v-ratio, 1.7778));
      --top: max(6.75rem, (100cqb - var(--height)) * 0.24);
      background: radial-gradient(ellipse 120% 60% at 50% 25%, var(--v-raised), var(--v-ground));
    }
    .wide video,
    .wide vitrine-curtain:is(.waiting, .lost) {
      position: absolute;
      inset-block: var(--top) auto;
      block-size: var(--height);
    }
    .wide .cards {
      inset-block: calc(var(--top) + var(--height) + var(--v-3)) auto;
    }
    .wide .heading {
      background: none;
    }
  }
  /* A preview, as in the console: the picture and its card, nothing to press. */
  :host([bare]) .top,
  :host([bare]) .unmute,
  :host([bare]) vitrine-controls {
    display: none;
  }
  :host([bare]) .cards {
    inset-block-end: var(--v-2);
    inset-inline-start: var(--v-2);
    inline-size: min(14rem, 100% - 2 * var(--v-2));
  }
  @container (max-height: 18rem) {
    :host(:not([bare])) vitrine-card[compact],
    .name {
      display: none;
    }
  }
  @container (min-width: 60rem) and (min-height: 34rem) {
    .heading {
      padding: var(--v-5);
    }
    .name {
      font-size: var(--v-text-l);
      line-height: 1.25;
    }
    .badge {
      font-size: var(--v-text-s);
    }
    .cards {
      inset-inline-start: var(--v-5);
      inset-block-end: calc(var(--v-target) + var(--v-5));
      inline-size: 25rem;
    }
    .unmute {
      margin-inline-start: var(--v-5);
    }
  }
`;

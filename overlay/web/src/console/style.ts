import { css } from 'lit';

/** Fields and buttons of the console. */
export const formStyle = css`
  label {
    display: grid;
    gap: var(--v-1);
    color: var(--v-ink-2);
    font-size: var(--v-text-s);
  }
  input {
    inline-size: 100%;
    min-inline-size: 0;
    min-block-size: var(--v-target);
    padding: 0 var(--v-3);
    border: 1px solid var(--v-line);
    border-radius: var(--v-radius-s);
    background: var(--v-ground);
    color: var(--v-ink);
    color-scheme: dark;
  }
  button.main,
  button.plain,
  button.danger {
    min-block-size: var(--v-target);
    padding: 0 var(--v-4);
    border: 1px solid var(--v-line);
    border-radius: var(--v-radius-s);
    background: var(--v-raised);
    font-weight: 650;
  }
  button.main {
    border-color: var(--v-ink);
    background: var(--v-ink);
    color: var(--v-ground);
  }
  button.danger {
    border-color: color-mix(in srgb, var(--v-bad), transparent 50%);
    color: var(--v-bad);
    background: none;
  }
  button.danger.sure {
    border-color: var(--v-live);
    background: var(--v-live);
    color: #1d0003;
  }
  button:disabled {
    opacity: 0.5;
    cursor: default;
  }
`;

/** The console: one column in a dock or on a phone, two where there is room. */
export const consoleStyle = css`
  :host {
    display: block;
    min-block-size: 100dvh;
    background: var(--v-ground);
    color: var(--v-ink);
    font-family: var(--v-font);
    font-size: var(--v-text-m);
    line-height: 1.4;
  }
  header {
    position: sticky;
    inset-block-start: 0;
    z-index: 2;
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: var(--v-1) var(--v-3);
    padding: var(--v-2) var(--v-3);
    border-block-end: 1px solid var(--v-line);
    background: var(--v-ground);
  }
  h1 {
    min-inline-size: 0;
    margin: 0;
    overflow: hidden;
    font-size: var(--v-text-m);
    font-weight: 700;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .chip {
    padding: 0.1rem 0.5rem;
    border-radius: var(--v-radius-s);
    background: var(--v-raised);
    font-size: var(--v-text-xs);
    font-weight: 800;
    letter-spacing: 0.05em;
    line-height: 1.6;
    white-space: nowrap;
  }
  .chip.live {
    background: var(--v-live);
    color: #1d0003;
  }
  .chip.waiting {
    background: var(--v-warn);
    color: #231a00;
  }
  .count {
    display: flex;
    align-items: center;
    gap: var(--v-1);
    margin-inline-start: auto;
    color: var(--v-ink-2);
    font-size: var(--v-text-s);
    font-variant-numeric: tabular-nums;
    white-space: nowrap;
  }
  .count svg {
    inline-size: 1.1rem;
    block-size: 1.1rem;
  }
  .time {
    font-variant-numeric: tabular-nums;
    color: var(--v-ink-2);
    font-size: var(--v-text-s);
  }
  main {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: var(--v-4);
    max-inline-size: 96rem;
    margin-inline: auto;
    padding: var(--v-3);
  }
  h2 {
    margin: 0;
    font-size: var(--v-text-s);
    font-weight: 650;
    color: var(--v-ink-2);
  }
  .notes {
    display: grid;
    gap: var(--v-2);
    margin: 0;
    padding: 0;
    list-style: none;
  }
  .note {
    display: grid;
    grid-template-columns: auto minmax(0, 1fr);
    gap: var(--v-2);
    padding: var(--v-2) var(--v-3);
    border-radius: var(--v-radius-s);
    background: color-mix(in srgb, var(--v-warn), var(--v-ground) 84%);
    color: var(--v-ink);
    font-size: var(--v-text-s);
    overflow-wrap: anywhere;
  }
  .note svg {
    inline-size: 1.2rem;
    block-size: 1.2rem;
    color: var(--v-warn);
  }
  .note.bad {
    background: color-mix(in srgb, var(--v-bad), var(--v-ground) 82%);
  }
  .note.bad svg {
    color: var(--v-bad);
  }
  .seen {
    display: grid;
    gap: var(--v-2);
  }
  .seen .row {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: var(--v-2);
  }
  .seen vitrine-card {
    flex: 100 1 11rem;
    min-inline-size: 0;
  }
  .seen .row button {
    flex: 1 0 auto;
    display: grid;
    place-content: center;
    justify-items: center;
    min-block-size: 3.25rem;
    padding-inline: var(--v-3);
    line-height: 1.2;
  }
  .seen .time {
    font-size: var(--v-text-xs);
    font-weight: 400;
  }
  .nothing {
    display: flex;
    align-items: center;
    min-block-size: 3.25rem;
    margin: 0;
    padding: 0 var(--v-3);
    border: 1px dashed var(--v-line);
    border-radius: var(--v-radius);
    color: var(--v-ink-2);
    font-size: var(--v-text-s);
  }
  .side {
    display: grid;
    gap: var(--v-4);
    align-content: start;
    min-inline-size: 0;
  }
  details {
    border: 1px solid var(--v-line);
    border-radius: var(--v-radius);
    background: var(--v-surface);
  }
  summary {
    display: flex;
    align-items: center;
    gap: var(--v-2);
    min-block-size: var(--v-target);
    padding: var(--v-2) var(--v-3);
    border-radius: var(--v-radius);
    font-size: var(--v-text-s);
    font-weight: 650;
    cursor: pointer;
    list-style: none;
  }
  summary::-webkit-details-marker {
    display: none;
  }
  summary::after {
    content: '';
    inline-size: 0.5rem;
    block-size: 0.5rem;
    margin-inline: auto var(--v-1);
    border: solid var(--v-ink-2);
    border-width: 0 2px 2px 0;
    rotate: 45deg;
    translate: 0 -0.15rem;
  }
  details[open] > summary::after {
    rotate: 225deg;
    translate: 0 0.1rem;
  }
  .inside {
    padding: 0 var(--v-3) var(--v-3);
  }
  vitrine-player {
    border-radius: var(--v-radius-s);
  }
  dl {
    display: grid;
    grid-template-columns: auto minmax(0, 1fr);
    gap: var(--v-1) var(--v-3);
    margin: 0;
    font-size: var(--v-text-s);
  }
  dt {
    color: var(--v-ink-2);
  }
  dd {
    margin: 0;
    text-align: end;
    font-variant-numeric: tabular-nums;
    overflow-wrap: anywhere;
  }
  dd.warn {
    color: var(--v-warn);
    font-weight: 700;
  }
  .setup ol {
    display: grid;
    gap: var(--v-2);
    margin: 0;
    padding-inline-start: 1.25rem;
    font-size: var(--v-text-s);
  }
  code {
    display: block;
    margin-block-start: var(--v-1);
    padding: var(--v-1) var(--v-2);
    border-radius: var(--v-radius-s);
    background: var(--v-ground);
    font-size: 0.8rem;
    overflow-wrap: anywhere;
    user-select: all;
  }
  .quiet {
    margin: 0;
    color: var(--v-ink-2);
    font-size: var(--v-text-s);
  }
  a {
    color: var(--v-accent);
  }
  dialog {
    max-inline-size: min(22rem, calc(100vw - 2rem));
    padding: var(--v-5);
    border: 1px solid var(--v-line);
    border-radius: var(--v-radius);
    background: var(--v-surface);
    color: var(--v-ink);
    box-shadow: var(--v-shadow);
  }
  dialog::backdrop {
    background: rgb(0 0 0 / 0.6);
  }
  dialog p {
    margin: 0 0 var(--v-4);
  }
  dialog p:first-child {
    margin-block-end: var(--v-1);
    font-size: var(--v-text-l);
    font-weight: 700;
  }
  .choices {
    display: flex;
    flex-wrap: wrap;
    justify-content: flex-end;
    gap: var(--v-2);
  }
  .door {
    display: grid;
    gap: var(--v-4);
    max-inline-size: 22rem;
    margin: 12dvh auto 0;
    padding: var(--v-4);
  }
  .door h1 {
    font-size: var(--v-text-l);
    white-space: normal;
  }
  .door form {
    display: grid;
    gap: var(--v-3);
  }
  .keys {
    margin: var(--v-3) 0 0;
    color: var(--v-ink-2);
    font-size: var(--v-text-xs);
  }
  @media (hover: none) {
    .keys {
      display: none;
    }
  }
  @media (max-width: 59.999rem) {
    .idle .side {
      order: -1;
    }
    .notes {
      order: -2;
    }
  }
  @media (min-width: 60rem) {
    header {
      padding: var(--v-3) var(--v-5);
    }
    h1 {
      font-size: var(--v-text-l);
    }
    main {
      grid-template-columns: minmax(0, 1fr) 24rem;
      grid-template-rows: auto auto 1fr;
      gap: var(--v-4) var(--v-5);
      padding: var(--v-4) var(--v-5) var(--v-5);
    }
    .notes {
      grid-column: 1 / -1;
    }
    .seen {
      grid-column: 2;
      grid-row: 2;
    }
    .goods {
      grid-column: 1;
      grid-row: 2 / 4;
    }
    .side {
      grid-column: 2;
      grid-row: 3;
    }
    .idle .side {
      grid-row: 2 / 4;
    }
  }
`;

import { css } from 'lit';

// The design tokens: one type scale, one spacing scale, one set of colours. A
// root element (player, console) carries them, everything inside inherits them,
// and a page may set any of them on that element to change the theme.

export const tokens = css`
  :host {
    --v-font: system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'Liberation Sans', sans-serif;
    --v-text-xs: 0.75rem;
    --v-text-s: 0.875rem;
    --v-text-m: 1rem;
    --v-text-l: 1.25rem;
    --v-text-xl: 1.75rem;
    --v-text-xxl: 2.75rem;

    --v-1: 0.25rem;
    --v-2: 0.5rem;
    --v-3: 0.75rem;
    --v-4: 1rem;
    --v-5: 1.5rem;
    --v-6: 2rem;
    --v-7: 3rem;

    --v-ground: #0f1013;
    --v-surface: #181a1f;
    --v-raised: #23262d;
    --v-line: #343842;
    --v-ink: #f5f4f1;
    --v-ink-2: #a9adb8;

    --v-accent: #ffb454;
    --v-on-accent: #201300;
    --v-live: #ff4a5a;
    --v-good: #4fd69c;
    --v-warn: #ffd166;
    --v-bad: #ff8a80;

    --v-paper: #fffdf9;
    --v-paper-2: #f0ece4;
    --v-print: #1b1a18;
    --v-print-2: #67625a;

    --v-radius-s: 0.375rem;
    --v-radius: 0.75rem;
    --v-target: 2.75rem; /* the least a finger needs */
    --v-shadow: 0 0.5rem 2rem rgb(0 0 0 / 0.35);
    --v-focus: 0 0 0 2px var(--v-ground), 0 0 0 4px var(--v-accent);
  }
`;

/** What every element of ours starts from. */
export const base = css`
  *,
  *::before,
  *::after {
    box-sizing: border-box;
  }
  [hidden] {
    display: none !important;
  }
  button,
  input,
  select {
    font: inherit;
    color: inherit;
  }
  button {
    cursor: pointer;
  }
  svg {
    flex: none;
    inline-size: 1.5rem;
    block-size: 1.5rem;
  }
  :focus-visible {
    outline: none;
    box-shadow: var(--v-focus);
  }
  .said {
    position: absolute;
    width: 1px;
    height: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
  @media (prefers-reduced-motion: reduce) {
    *,
    *::before,
    *::after {
      animation: none !important;
      transition: none !important;
    }
  }
`;

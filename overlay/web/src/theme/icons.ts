import { svg, html, type TemplateResult } from 'lit';

// Icons, drawn on a 24 × 24 grid in the colour of the text around them.

function icon(path: TemplateResult): TemplateResult {
  return html`<svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2"
    stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false">${path}</svg>`;
}

export const play = icon(svg`<path d="M7 5v14l12-7z" fill="currentColor" stroke-width="1.5"/>`);
export const pause = icon(svg`<path d="M8 5v14M16 5v14" stroke-width="3.5"/>`);
export const sound = icon(svg`<path d="M4 9.5v5h3.5L12 18.5v-13L7.500 9.500z" fill="currentColor" stroke-width="1.5"/><path d="M15.500 9a4 4 0 0 1 0 6M18 6.500a8 8 0 0 1 0 11"/>`);
export const silent = icon(svg`<path d="M4 9.500v5h3.500L12 18.500v-13L7.500 9.500z" fill="currentColor" stroke-width="1.5"/><path d="m16 9.500 5 5m0-5-5 5"/>`);
export const expand = icon(svg`<path d="M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5"/>`);
export const shrink = icon(svg`<path d="M9 4v5H4M15 4v5h5M9 20v-5H4M15 20v-5h5"/>`);
export const forward = icon(svg`<path d="M9 5.500 15.500 12 9 18.500" class="arrow"/>`);
export const search = icon(svg`<circle cx="10.500" cy="10.500" r="6"/><path d="m15 15 5 5"/>`);
export const alert = icon(svg`<path d="M12 4 2.500 20h19zM12 10v4.500"/><path d="M12 17.300v.1"/>`);
export const eye = icon(svg`<path d="M2 12s3.500-7 10-7 10 7 10 7-3.500 7-10 7-10-7-10-7z"/><circle cx="12" cy="12" r="3"/>`);

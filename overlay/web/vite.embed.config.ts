import { defineConfig } from 'vite';

// The player as one file under a name that never changes, hls.js included, for
// any page that wants `<script type="module" src="…/web/vitrine-player.js">`.
export default defineConfig({
  build: {
    outDir: 'dist/web',
    emptyOutDir: false,
    target: 'es2022',
    lib: { entry: 'src/player/index.ts', formats: ['es'], fileName: () => 'vitrine-player.js' },
    chunkSizeWarningLimit: 1000, // hls.js
    rolldownOptions: { output: { codeSplitting: false, minify: true } },
  },
});

import { defineConfig } from 'vitest/config';
import { mock } from './dev/mock.ts';

// Pages at the root of dist, everything they load under web/assets, where a name
// holds the hash of its bytes and may be cached for ever.
export default defineConfig({
  plugins: [mock()],
  build: {
    outDir: 'dist',
    emptyOutDir: false,
    assetsDir: 'web/assets',
    assetsInlineLimit: 0,
    target: 'es2022',
    chunkSizeWarningLimit: 1000, // hls.js
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: ['player.html', 'console.html'],
      output: {
        codeSplitting: {
          groups: [
            { name: 'hls', test: /node_modules\/hls\.js/ },
            { name: 'lit', test: /node_modules\/(@lit|lit)/ },
          ],
        },
      },
    },
  },
  test: { environment: 'happy-dom', include: ['test/**/*.test.ts'] },
});

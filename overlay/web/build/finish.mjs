// After the build: compresses what is worth it, prints the sizes, and holds the
// player to its budget.
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { gzipSync } from 'node:zlib';

const budget = 40 * 1024; // the player, hls.js apart, gzipped
const dist = new URL('../dist/', import.meta.url).pathname;
const sizes = [];

function files(folder) {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? files(path) : [path];
  });
}

for (const path of files(dist)) {
  if (!/\.(js|css|html)$/.test(path)) continue;
  const plain = readFileSync(path);
  const gzip = gzipSync(plain, { level: 9 });
  writeFileSync(`${path}.gz`, gzip);
  sizes.push({ path: relative(dist, path), plain: plain.length, gzip: gzip.length });
}

const kb = (n) => `${(n / 1024).toFixed(1)} KB`.padStart(9);
for (const s of sizes.sort((a, b) => b.gzip - a.gzip)) console.log(`${kb(s.plain)} ${kb(s.gzip)} gzip  ${s.path}`);

const size = (test) => sizes.find((s) => test(basename(s.path)))?.gzip ?? NaN;
const player = size((n) => n === 'vitrine-player.js') - size((n) => /^hls-.*\.js$/.test(n));
console.log(`vitrine-player.js without hls.js: ${kb(player).trim()} gzip, of at most ${kb(budget).trim()}`);
if (!(player <= budget)) {
  console.error('The player is over its budget: see build/finish.mjs.');
  process.exit(1);
}

// Fails the build when the page has grown too large, or has something that the server's security policy forbids.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const MAX_BYTES = 90_000;
const dist = new URL('../dist', import.meta.url).pathname;

const files = readdirSync(dist, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
const bytes = files.reduce((sum, file) => sum + gzipSync(readFileSync(join(file.parentPath, file.name))).length, 0);
const kilobytes = (bytes / 1000).toFixed(1);
if (bytes >= MAX_BYTES) {
  console.error(`the page is ${kilobytes} kB (gzip), more than ${MAX_BYTES / 1000} kB`);
  process.exit(1);
}

const html = readFileSync(join(dist, 'index.html'), 'utf8');
if (/<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=/i.test(html)) {
  console.error('index.html has an inline script or style, which the content security policy forbids');
  process.exit(1);
}
console.log(`the page is ${kilobytes} kB (gzip)`);

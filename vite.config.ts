// How the inspector's page is built: into static files that the server sends, with nothing inline, so
// that a strict Content-Security-Policy holds.
import { defineConfig } from 'vite'

export default defineConfig({
  root: 'server/inspector/page',
  base: '/inspect/',
  publicDir: false,
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: '../assets',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: 'es2022',
    // elkjs alone is larger than the default; it is a worker's file and loaded on demand.
    chunkSizeWarningLimit: 2_000,
  },
  worker: { format: 'es' },
})

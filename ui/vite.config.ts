import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

/** Where `vite ui` finds a hub to ask, while the viewer is worked on: `mtlscope view FILE --no-open`. */
const HUB = 'http://127.0.0.1:8899'

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react()],
  build: {
    outDir: '../dist/ui',
    emptyOutDir: true,
    target: 'es2023',
    // The hub's Content-Security-Policy has no data: addresses, so nothing may be inlined as one.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 600,
    // On a slow machine it would say, before the first demo, how long each plug-in took.
    rolldownOptions: { checks: { pluginTimings: false } },
  },
  server: { proxy: { '/api': HUB } },
})

import { defineConfig } from 'vite';
import solid from 'vite-plugin-solid';

// The content security policy knows no inline script, style or data: address, so nothing is inlined.
export default defineConfig({
  plugins: [solid()],
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    manifest: true,
  },
  worker: { format: 'es', plugins: () => [] },
  server: { port: 5173, proxy: { '/api': { target: 'http://localhost:8080', ws: true } } },
});

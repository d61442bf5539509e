/** How the page is built: from `webserver/ui` into `dist/ui`, all files local, nothing fetched from elsewhere. */
import { fileURLToPath } from 'node:url'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  plugins: [react()],
  build: {
    outDir: fileURLToPath(new URL('../../dist/ui', import.meta.url)),
    emptyOutDir: true,
    target: 'es2022',
    // The graph's layout program is 1.4 MB and loaded only by the graph tab.
    chunkSizeWarningLimit: 2_000,
    // A content security policy without `data:` for scripts and fonts.
    assetsInlineLimit: 0,
  },
  server: { proxy: { '/api': { target: 'http://127.0.0.1:8080', ws: true }, '/auth': 'http://127.0.0.1:8080' } },
})

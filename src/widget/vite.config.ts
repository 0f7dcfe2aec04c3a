import { fileURLToPath } from 'node:url'
import b24ui from '@bitrix24/b24ui-nuxt/vite'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vite'

const here = fileURLToPath(new URL('.', import.meta.url))
const project = fileURLToPath(new URL('../..', import.meta.url))

export default defineConfig({
  root: here,
  base: '/widget/',
  publicDir: false,
  define: {
    __VUE_OPTIONS_API__: 'false',
    __VUE_PROD_DEVTOOLS__: 'false',
    __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: 'false',
    __VUE_I18N_FULL_INSTALL__: 'false',
    __VUE_I18N_LEGACY_API__: 'false',
    __INTLIFY_PROD_DEVTOOLS__: 'false',
  },
  plugins: [
    vue(),
    b24ui({
      // Our theme comes from the CRM; the kit would follow the operating system instead.
      colorMode: false,
      prose: false,
      mdc: false,
      dts: false,
      autoImport: false,
      // Templates land here; node_modules is ignored and shared by every build.
      root: project,
      experimental: { componentDetection: true },
    }),
  ],
  build: {
    outDir: `${project}dist/widget`,
    emptyOutDir: true,
    target: 'es2022',
    assetsDir: 'assets',
    manifest: true,
    chunkSizeWarningLimit: 700,
    // One request more is cheaper than scripts that a strict content policy refuses.
    modulePreload: { polyfill: false },
  },
})

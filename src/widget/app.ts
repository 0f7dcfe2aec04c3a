import './kit.css'
import b24ui from '@bitrix24/b24ui-nuxt/vue-plugin'
import { createApp } from 'vue'
import App from './App.vue'
import { createRoutes, startRoute } from './routes.ts'
import { type Shell, shellKey } from './shell.ts'

/** The full page: all screens, with the kit. */
export const mountApp = (root: string, shell: Shell): void => {
  const router = createRoutes(startRoute(shell.me))
  createApp(App).provide(shellKey, shell).use(shell.words).use(router).use(b24ui).mount(root)
}

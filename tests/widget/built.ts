import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'vite'

const root = join(import.meta.dirname, '../..')

/** Builds the widget when nobody has yet. A build in place is taken as it is: `npm test` has just made it. */
export const ensureBuilt = async (): Promise<void> => {
  if (existsSync(join(root, 'dist/widget/.vite/manifest.json'))) return
  await build({ configFile: join(root, 'src/widget/vite.config.ts'), logLevel: 'warn' })
}

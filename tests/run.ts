import { spawnSync } from 'node:child_process'

/**
 * `npm test`: every check, cheapest first. Stops at the first that fails.
 * Where Chromium or PostgreSQL is missing, the suites that need them name what to install and are
 * skipped; with CI=true a skip fails.
 */
const steps: { name: string; command: string; args: string[] }[] = [
  { name: 'format and lint', command: 'biome', args: ['ci', '.'] },
  { name: 'types of the server', command: 'tsc', args: ['--noEmit'] },
  {
    name: 'widget build',
    command: 'vite',
    args: ['build', '--config', 'src/widget/vite.config.ts', '--logLevel', 'warn'],
  },
  { name: 'types of the widget', command: 'vue-tsc', args: ['--noEmit', '-p', 'src/widget/tsconfig.json'] },
  { name: 'tests', command: 'vitest', args: ['run', ...process.argv.slice(2)] },
]

for (const { name, command, args } of steps) {
  console.log(`\n— ${name}: ${command} ${args.join(' ')}`)
  const { status } = spawnSync(command, args, { stdio: 'inherit', shell: process.platform === 'win32' })
  if (status !== 0) {
    console.error(`\n${name}: failed`)
    process.exit(status ?? 1)
  }
}

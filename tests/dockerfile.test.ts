import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'

type Instruction = { word: string; rest: string }

/** Instructions per stage; a Dockerfile line is a word and the rest, comments and blank lines aside. */
const stages = (): Instruction[][] => {
  const found: Instruction[][] = []
  for (const line of readFileSync('Dockerfile', 'utf8').split('\n')) {
    const match = /^([A-Z]+)\s+(.*)$/.exec(line)
    if (!match) continue
    const [, word = '', rest = ''] = match
    if (word === 'FROM') found.push([])
    found.at(-1)?.push({ word, rest })
  }
  return found
}

const rest = (stage: Instruction[] | undefined, word: string): string[] =>
  (stage ?? []).filter(line => line.word === word).map(line => line.rest)

describe('the Dockerfile', () => {
  const all = stages()
  const last = all.at(-1)

  test('builds in one stage and runs in another, both on Node 24', () => {
    expect(all).toHaveLength(2)
    for (const stage of all) expect(rest(stage, 'FROM')[0]).toMatch(/^node:24-/)
  })

  test('runs as an unprivileged user', () => {
    expect(rest(last, 'USER')).toEqual(['node'])
  })

  test('asks the readiness route for its health', () => {
    expect(rest(last, 'HEALTHCHECK').join()).toContain('/readyz')
  })

  test('starts the server the way npm start does, with files that exist', () => {
    const command = JSON.parse(rest(last, 'CMD')[0] ?? '[]') as string[]
    expect(command).toEqual(['node', 'src/main.ts'])
    expect(existsSync('src/main.ts')).toBe(true)
    const scripts = (JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> })
      .scripts
    expect(scripts.start).toBe('node src/main.ts')
  })

  test('copies only folders that the project has', () => {
    for (const line of rest(last, 'COPY')) {
      const source = /\/app\/(\S+)/.exec(line)?.[1] ?? ''
      if (!['node_modules', 'dist'].includes(source)) expect(existsSync(source), source).toBe(true)
    }
  })
})

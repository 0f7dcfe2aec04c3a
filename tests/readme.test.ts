import { existsSync, globSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { environment } from '../src/config.ts'
import { JOURNAL_NOTES } from '../src/store/journal.ts'

const readme = readFileSync('README.md', 'utf8')

/** Rows of the table under a heading, cells trimmed. */
const table = (heading: string): string[][] => {
  const section = readme.split(`## ${heading}\n`)[1]?.split('\n## ')[0] ?? ''
  return section
    .split('\n')
    .filter(line => line.startsWith('|'))
    .slice(2)
    .map(line =>
      line
        .split('|')
        .slice(1, -1)
        .map(cell => cell.trim()),
    )
}

const plain = (cell: string | undefined): string => (cell ?? '').replaceAll('`', '')

describe('the README', () => {
  test('starts with what it is and two commands', () => {
    expect(readme.slice(0, 1200)).toContain('npm ci && npm run demo')
    expect(readme.slice(0, 1200)).toContain('npm ci && npm test')
  })

  test('lists every environment variable with its default, and no other', () => {
    const rows = table('Settings of the server')
    expect(rows.map(([name]) => plain(name))).toEqual(Object.keys(environment.shape))
    const required = { PUBLIC_URL: 'http://localhost', SECRET_KEY: Buffer.alloc(32).toString('base64') }
    const defaults = environment.parse(required) as Record<string, unknown>
    for (const [name, fallback] of rows) {
      const key = plain(name)
      if (key in required) expect(fallback, key).toBe('required')
      else if (plain(fallback) === '–') expect([undefined, []], key).toContainEqual(defaults[key])
      else expect(String(defaults[key]), key).toBe(plain(fallback))
    }
  })

  test('lists every command of package.json, and no other', () => {
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as {
      scripts: Record<string, string>
    }
    const named = table('Commands').map(([command]) => /^npm (?:run )?(\w+)/.exec(plain(command))?.[1])
    expect(named.toSorted()).toEqual(Object.keys(scripts).toSorted())
  })

  test('gives a reason for every library, and for no other', () => {
    const { dependencies, devDependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as Record<
      'dependencies' | 'devDependencies',
      Record<string, string>
    >
    const used = Object.keys({ ...dependencies, ...devDependencies }).filter(
      name => !name.startsWith('@types/'),
    )
    const named = table('Libraries').flatMap(([names]) => plain(names).split(', '))
    expect(named.toSorted()).toEqual(used.toSorted())
  })

  test('describes every room of src', () => {
    const rooms = globSync('src/*/').map(path => path.replace(/\/$/, ''))
    const named = table('What is where')
      .map(([room]) => plain(room))
      .filter(room => room.startsWith('src/'))
    expect(named.toSorted()).toEqual(rooms.toSorted())
  })

  test('explains every note of the journal of writing', () => {
    const notes = table('Write-back').flatMap(([note, meaning]) =>
      Object.hasOwn(JOURNAL_NOTES, plain(note)) || /^`\w+`$/.test(note ?? '') ? [[plain(note), meaning]] : [],
    )
    expect(notes).toEqual(Object.entries(JOURNAL_NOTES))
  })

  test('names only files that exist', () => {
    for (const [, path] of readme.matchAll(/`((?:src|tests|app-manifest|public)\/[\w./-]+)`/g))
      expect(existsSync(path ?? ''), path).toBe(true)
  })
})

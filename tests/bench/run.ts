import { Command, InvalidArgumentError } from 'commander'
import { benchHttp } from './http.ts'
import { benchSnapshot } from './snapshot.ts'
import { benchSync } from './sync.ts'
import { benchWidget } from './widget.ts'

/**
 * `npm run bench`: prints one JSON object per figure, ratios first; what happens meanwhile goes to the standard
 * error. Ratios against something measured in the same run travel between machines, seconds do not.
 */

const FIGURES = ['widget', 'api', 'events', 'snapshot', 'sync'] as const
type Name = (typeof FIGURES)[number]

const names = (text: string): Name[] => {
  const asked = text.split(',').map(name => name.trim())
  const unknown = asked.filter(name => !FIGURES.includes(name as Name))
  if (unknown.length > 0)
    throw new InvalidArgumentError(`No such figure: ${unknown}. There are ${FIGURES.join(', ')}.`)
  return asked as Name[]
}
const share = (text: string): number => {
  const value = Number(text)
  if (!(value > 0 && value <= 10)) throw new InvalidArgumentError('A number above 0 is expected.')
  return value
}

const command = new Command('bench')
  .description('Measures sync, snapshots, requests and the widget. DATABASE_URL uses that PostgreSQL.')
  .option('--scale <share>', '1 = 100 000 deals', share, 1)
  .option('--only <figures>', FIGURES.join(','), names, [...FIGURES])
  .parse()
const { scale, only } = command.opts<{ scale: number; only: Name[] }>()
const wants = (name: Name): boolean => only.includes(name)

if (wants('widget')) benchWidget()
if (wants('api') || wants('events')) await benchHttp(scale, { api: wants('api'), events: wants('events') })
if (wants('snapshot')) await benchSnapshot(scale)
if (wants('sync')) await benchSync(scale)
process.exit(0)

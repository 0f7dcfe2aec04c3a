import { path } from '../client.ts'
import type { CommandLine } from '../command-line.ts'
import { table } from '../table.ts'

type WriteBackChoice = { marks: boolean; tasks: boolean; level: string }
type WriteBackPreview = {
  changes: { dealId: string; kind: string; before: string | null; after: string | null }[]
  waiting: number
}
type WriteBackRun = {
  batchId: string
  plannedAt: string
  askedByName: string | null
  origin: string
  planned: number
  written: number
  refused: number
  undone: number
  undoUntil: string | null
}
const onOff = (isOn: boolean): string => (isOn ? 'on' : 'off')

export const addWriteBack = ({ program, client, print }: CommandLine): void => {
  const writeBack = program
    .command('write-back')
    .description('what is written into a portal’s CRM: shows it, stops it, takes it back')
  writeBack
    .command('show <id>')
    .description('whether it is on, and the runs with their ids')
    .action(async (id: string) => {
      const choice = await client.get<WriteBackChoice>(path(id, '/write-back'))
      const runs = await client.get<WriteBackRun[]>(path(id, '/write-back/runs'))
      print({ ...choice, runs }, () => [
        `Marks ${onOff(choice.marks)}, tasks ${onOff(choice.tasks)}, deals of level ${choice.level} and above.`,
        ...(runs.length === 0
          ? ['Nothing was written yet.']
          : table([
              ['run', 'began', 'by', 'planned', 'written', 'refused', 'undone', 'undo until'],
              ...runs.map(run => [
                run.batchId,
                run.plannedAt,
                run.askedByName ?? run.origin,
                String(run.planned),
                String(run.written),
                String(run.refused),
                String(run.undone),
                run.undoUntil ?? '–',
              ]),
            ])),
      ])
    })
  writeBack
    .command('preview <id>')
    .description('what the next run would write; writes nothing')
    .action(async (id: string) => {
      const preview = await client.post<WriteBackPreview>(path(id, '/write-back/preview'), {})
      print(preview, () => [
        ...table([
          ['deal', 'what', 'before', 'after'],
          ...preview.changes.map(({ dealId, kind, before, after }) => [
            dealId,
            kind,
            before ?? '–',
            after ?? '–',
          ]),
        ]),
        `${preview.changes.length} changes, ${preview.waiting} more wait for the run after.`,
      ])
    })
  writeBack
    .command('off <id>')
    .description('stops writing at once; the portal’s administrator switches it on in the widget')
    .action(async (id: string) => {
      const choice = await client.post<WriteBackChoice>(path(id, '/write-back/off'), {})
      print(choice, () => ['Off. What was written stays; take it back with: planerka write-back undo'])
    })
  writeBack
    .command('undo <id> <run>')
    .description('takes a run back, for 24 hours; what people changed since is left alone')
    .action(async (id: string, run: string) => {
      const undoing = await client.post<{ entries: number }>(
        path(id, `/write-back/runs/${encodeURIComponent(run)}/undo`),
        {},
      )
      print(undoing, () => [
        `${undoing.entries} entries are being taken back; watch: planerka write-back show`,
      ])
    })
}

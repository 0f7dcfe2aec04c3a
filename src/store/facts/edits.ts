import type { EditFact } from '../../records/facts.ts'

/** Saves of one deal, ascending by instant; what one person saved in one instant is one save. */
export const editsOf = (saves: readonly EditFact[]): EditFact[] => {
  const edits: EditFact[] = []
  for (const save of saves.toSorted((a, b) => a.at - b.at))
    if (!edits.some(known => known.at === save.at && known.by === save.by)) edits.push(save)
  return edits
}

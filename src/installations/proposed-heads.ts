import type { Department, User } from '../records/records.ts'

/** Who probably heads a department, told by what the CRM lets people see of deals. */
export type ProposedHead = {
  departmentId: string
  /** One = proposed; several = somebody has to choose among them. */
  userIds: string[]
  /** The right that tells: all deals, those of the group, or an administrator in the group. */
  why: 'all' | 'group' | 'admin'
}

type Person = Pick<User, 'id' | 'departmentIds' | 'dealsVisible' | 'isActive' | 'isAdmin'>
type Group = Pick<Department, 'id' | 'parentId' | 'headId'>

/**
 * For CRMs that keep no hierarchy. A group's only member who may look at the whole group is proposed as its
 * head; failing that, its only member who may look at everything; failing that, its only administrator.
 * Over groups stands whoever may look at everything without being an administrator. Proposed, never set: until
 * somebody agrees, nobody sees more than his own.
 * @param heads settings: departments that have a head already are left alone
 */
export const proposedHeads = (
  users: readonly Person[],
  departments: readonly Group[],
  heads: Readonly<Record<string, string>>,
): ProposedHead[] => {
  const active = users.filter(({ isActive }) => isActive)
  const parents = new Set(departments.map(({ parentId }) => parentId))
  const isSettled = ({ id, headId }: Group): boolean => headId !== null || Object.hasOwn(heads, id)
  const seesAll = (person: Person): boolean => person.dealsVisible === 'all' && person.isAdmin !== true
  const idsOf = (people: readonly Person[]): string[] => people.map(({ id }) => id)

  return departments
    .filter(department => !isSettled(department))
    .flatMap(({ id }): ProposedHead[] => {
      const members = active.filter(({ departmentIds }) => departmentIds.includes(id))
      if (members.length === 0) {
        const above = parents.has(id) ? active.filter(seesAll) : []
        return above.length === 0 ? [] : [{ departmentId: id, userIds: idsOf(above), why: 'all' }]
      }
      if (members.length === 1) return []
      const grouped = members.filter(({ dealsVisible }) => dealsVisible === 'group')
      // Where everybody sees the group, the right says nothing about who heads it.
      if (grouped.length > 0 && grouped.length < members.length)
        return [{ departmentId: id, userIds: idsOf(grouped), why: 'group' }]
      const all = members.filter(seesAll)
      if (all.length > 0 && all.length < members.length)
        return [{ departmentId: id, userIds: idsOf(all), why: 'all' }]
      const admins = members.filter(({ isAdmin }) => isAdmin === true)
      return admins.length === 1 ? [{ departmentId: id, userIds: idsOf(admins), why: 'admin' }] : []
    })
}

import type { User } from '../../records/records.ts'
import type { Score } from '../../snapshot/document.ts'
import { canSee, type Sees } from './views.ts'

/** Who belongs to what: teams, branches and what a viewer sees of them. */

/** Departments a person heads, the topmost first: their score is "the team" for this person. */
export const teamsOf = (
  userId: string,
  heads: Readonly<Record<string, string>>,
  departments: readonly { id: string; parentId: string | null; headId: string | null }[],
): string[] => {
  const own = departments.filter(({ id, headId }) => (heads[id] ?? headId) === userId)
  const ids = new Set(own.map(({ id }) => id))
  return own
    .toSorted(
      (a, b) =>
        Number(a.parentId !== null && ids.has(a.parentId)) -
        Number(b.parentId !== null && ids.has(b.parentId)),
    )
    .map(({ id }) => id)
}

/** The people that a scope speaks of; a team is its department with all below it. */
export const membersOf = (
  scope: Score['scope'],
  scopeId: string,
  directory: { users: readonly User[]; departments: readonly { id: string; parentId: string | null }[] },
): ReadonlySet<string> | 'all' => {
  if (scope === 'company') return 'all'
  if (scope === 'employee') return new Set([scopeId])
  const branch = new Set([scopeId])
  for (let size = 0; size !== branch.size; ) {
    size = branch.size
    for (const { id, parentId } of directory.departments)
      if (parentId !== null && branch.has(parentId)) branch.add(id)
  }
  return new Set(
    directory.users.filter(user => user.departmentIds.some(id => branch.has(id))).map(({ id }) => id),
  )
}

/** What is the company's is shown to whoever may ask for it. */
export const allSeen = (sees: Sees, members: Sees): boolean =>
  members === 'all' || [...members].every(id => canSee(sees, id))

export const bothSee = (sees: Sees, members: Sees): Sees =>
  members === 'all' ? sees : new Set([...members].filter(id => canSee(sees, id)))

/** An administrator, or a head to whom everybody who works in the portal answers. */
export const seesCompany = (
  role: 'employee' | 'head' | 'admin',
  sees: Sees,
  users: readonly (User & { isGone?: boolean })[],
): boolean =>
  role === 'admin' ||
  (role === 'head' &&
    users.filter(({ isActive, isGone }) => isActive && isGone !== true).every(({ id }) => canSee(sees, id)))

import type { Department, User } from '../records/records.ts'

export type Viewer = {
  userId: string
  name: string
  role: 'employee' | 'head' | 'admin'
  /** User ids whose data this person may see. */
  sees: string[]
  /** Departments that this person answers for: headed, and seen as a whole. */
  heads: string[]
}

export type People = {
  users: readonly Pick<User, 'id' | 'name' | 'departmentIds' | 'dealsVisible'>[]
  departments: readonly Pick<Department, 'id' | 'parentId' | 'headId'>[]
  /** Heads named in our settings, instead of the CRM's: department id → user id. */
  heads: Readonly<Record<string, string>>
}

/** Who heads a department: our settings first, then the CRM. */
const headOf = (department: People['departments'][number], heads: People['heads']): string | null =>
  (Object.hasOwn(heads, department.id) ? heads[department.id] : department.headId) || null

/** The departments below (and with) the given ones; survives a tree that loops. */
const subtree = (roots: readonly string[], departments: People['departments']): Set<string> => {
  const children = Map.groupBy(departments, ({ parentId }) => parentId)
  const found = new Set<string>()
  const waiting = [...roots]
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    if (found.has(id)) continue
    found.add(id)
    for (const child of children.get(id) ?? []) waiting.push(child.id)
  }
  return found
}

/**
 * Who sees whom. An administrator sees everybody, a head the people of his departments and of all below
 * them, an employee himself. Where the CRM states what a person may see of deals, nobody sees more here, and
 * only departments that he may see as a whole are headed.
 * @param isAdmin as the CRM vouched for when the frame was opened
 */
export const viewerOf = (userId: string, isAdmin: boolean, people: People): Viewer => {
  const { users, departments, heads } = people
  const self = users.find(user => user.id === userId)
  const name = self?.name ?? userId
  const everybody = unique([userId, ...users.map(({ id }) => id)])

  const staffOf = (roots: readonly string[]): string[] => {
    const below = subtree(roots, departments)
    return users.filter(({ departmentIds }) => departmentIds.some(id => below.has(id))).map(({ id }) => id)
  }
  const headed = departments.filter(department => headOf(department, heads) === userId).map(({ id }) => id)
  if (isAdmin) return { userId, name, role: 'admin', sees: everybody, heads: headed }

  const allowed = new Set(unique([userId, ...staffOf(headed)]).filter(id => mayLookAt(id, self, users)))
  const whole = headed.filter(id => staffOf([id]).every(member => allowed.has(member)))
  return { userId, name, role: whole.length > 0 ? 'head' : 'employee', sees: [...allowed], heads: whole }
}

/** Whether the CRM would show this person's deals. */
const mayLookAt = (
  id: string,
  self: People['users'][number] | undefined,
  users: People['users'],
): boolean => {
  switch (self?.dealsVisible) {
    case 'none':
      return false
    case 'own':
      return id === self.id
    case 'group': {
      const groups = new Set(self.departmentIds)
      const other = users.find(user => user.id === id)
      return id === self.id || (other?.departmentIds.some(group => groups.has(group)) ?? false)
    }
    default:
      return true
  }
}

const unique = (ids: string[]): string[] => [...new Set(ids)]
